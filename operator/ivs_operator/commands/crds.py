"""`ivs-operator crds`: the CustomResourceDefinitions out of the models."""

from pathlib import Path

import click

from ivs_operator.commands.command_line import command as command_of

__all__ = ["command"]

_EXAMPLES = """
ivs-operator crds | kubectl apply --server-side -f -
ivs-operator crds --output-dir crds
"""


@command_of(examples=_EXAMPLES)
@click.option("--output-dir", type=click.Path(path_type=Path), help="Write one file per kind here instead.")
def command(output_dir: Path | None) -> None:
    """Print the CustomResourceDefinitions as YAML."""
    from ivs_operator.api import crd

    if output_dir is None:
        click.echo("---\n".join(crd.render(item) for item in crd.crds()), nl=False)
    else:
        crd.write(output_dir)
