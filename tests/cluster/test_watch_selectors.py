"""The setting watch-selector takes what a real API server takes, and refuses what that refuses."""

import http
import re

from ivs_operator.domain.setting_syntax import SELECTOR, bad_requirement
from ivs_sandbox.cluster import Cluster
from support.api_server import ApiServer, Refused

GOOD = [
    *["team=live", "team==live", "team!=live", "team = live", "team", "!team", "! team", "team=", " team=live "],
    *[
        "team in (a)",
        "team in(a,b)",
        "team notin ( a , b )",
        "team in (,a)",
        "team in (,)",
        "team in ()",
        "x>5",
        "x < 5",
    ],
    *["example.com/team=a,tier!=test,env in (a,b),!old", "in in (in)", f"k={'v' * 63}", "k=v_.-w"],
]
BAD = [
    *["team in (a", "team in a", "team=live,", ",team=live", "team live", "=live", "team=a b", "a=b=c"],
    *["team=-a", "-team=a", f"k={'v' * 64}", "x>y", "a//b=c", "UPPER.example/x=y!", "team in (a b)", "team=\u00e4"],
    *["x>-1 y", "team in (a))", "(team)", "!team=a", "!!team"],
]


def test_as_the_api_server(control_plane: Cluster) -> None:
    api = ApiServer(control_plane.kubeconfig)
    taken = {selector for selector in (*GOOD, *BAD) if _taken(api, selector)}
    api.close()
    assert taken == set(GOOD), "the table is wrong"
    for selector in (*GOOD, *BAD):
        assert (bad_requirement(selector) is None) == (selector in taken), selector
        assert re.fullmatch(SELECTOR, selector) or selector not in taken, "the chart lets through what is well"


def _taken(api: ApiServer, selector: str) -> bool:
    try:
        api.call("GET", "/api/v1/namespaces/default/configmaps", labelSelector=selector, limit="1")
    except Refused as error:
        if error.status != http.HTTPStatus.BAD_REQUEST:
            raise
        return False
    return True
