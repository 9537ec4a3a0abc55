"""What the documentation site is made with: the reference out of the code, and links into the repository."""
