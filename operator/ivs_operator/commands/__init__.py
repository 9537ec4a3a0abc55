"""The command line's commands, one module each; `catalogue` lists them, `command_line` has the manners they share."""
