"""`ivs-operator run`: the operator itself."""

from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.setting_options import setting_options, settings_from

__all__ = ["command"]

_EXAMPLES = """
ivs-operator run --region us-west-2
ivs-operator run --namespaces live,chat --log-format json
IVS_OPERATOR_LEADER_ELECT=off ivs-operator run
"""


@command_of(examples=_EXAMPLES)
@setting_options()
def command(**given: str | None) -> None:
    """Run the operator until SIGTERM or SIGINT.

    In a cluster it uses the pod's service account, else KUBECONFIG. AWS credentials, profiles and endpoints are
    boto3's own: AWS_PROFILE, AWS_ENDPOINT_URL, IRSA, EKS Pod Identity, ...
    """
    settings = settings_from(given)
    import asyncio

    from ivs_operator import logs
    from ivs_operator.aws.endpoints import endpoint_trouble
    from ivs_operator.aws.regions import region_trouble
    from ivs_operator.handlers import register
    from ivs_operator.wiring import Operator

    misled = endpoint_trouble() or region_trouble(settings.region)
    if misled is not None:
        raise Failure(misled, ExitCode.USAGE)
    logs.configure(settings.log_format, settings.log_level)
    asyncio.run(Operator(settings).run(register))
