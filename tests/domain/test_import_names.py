"""Names and namespaces that an import gives: legal, unique, and the same whatever else exists."""

import pytest

from ivs_operator.domain.import_names import BadTemplate, Unnamed, names_of, namespace_of, parse_template
from support.objects import ACCOUNT, REGION, configuration


@pytest.mark.parametrize(
    ("aws_name", "id_", "name", "why"),
    [
        ("vod", "AbCd", "vod", "what is legal stays"),
        ("VOD_2", "AbCd", "vod-2", "Kubernetes knows no capitals and no underscores"),
        ("--x--", "AbCd", "x", "a name begins and ends with a letter or digit"),
        ("", "AbCd", "abcd", "without a name, the id"),
        ("_-_", "AbCd", "abcd", "nothing of it is left"),
        ("n" * 128, "AbCd", "n" * 128, "the longest that AWS knows"),
    ],
)
def test_one_name(aws_name: str, id_: str, name: str, why: str) -> None:
    assert names_of([("ns", configuration(id_, name=aws_name))]) == [name], why


def test_names_that_several_have_get_their_ids_all_of_them() -> None:
    items = [
        ("ns", configuration("Aa", name="vod")),
        ("ns", configuration("Bb", name="VOD")),
        ("other", configuration("Cc")),
    ]
    assert names_of(items) == ["vod-aa", "vod-bb", "vod"], (
        "none is `vod` by chance of order; another namespace is apart"
    )
    assert names_of(items[::-1]) == ["vod", "vod-bb", "vod-aa"]


def test_ids_that_differ_in_case_only() -> None:
    first, second = names_of([("ns", configuration("Abc", name="vod")), ("ns", configuration("aBC", name="vod"))])
    assert first != second
    assert first.startswith("vod-abc-")


def test_a_long_name_leaves_room_for_the_id() -> None:
    items = [("ns", configuration(id_, name="n" * 128)) for id_ in ("abcdefghijkl", "mnopqrstuvwx")]
    assert [len(name) for name in names_of(items)] == [128, 128]


@pytest.mark.parametrize(
    ("template", "namespace"),
    [
        ("live", "live"),
        ("ivs-{region}", f"ivs-{REGION}"),
        ("a{account}", f"a{ACCOUNT}"),
        ("{tag:team}", "live-stream"),
        ("{tag:a:b|c}", "c"),
        ("{tag:missing|shared}-x", "shared-x"),
    ],
)
def test_templates(template: str, namespace: str) -> None:
    assert namespace_of(parse_template(template), configuration(tags={"team": "Live Stream"})) == namespace


@pytest.mark.parametrize(
    "template", ["", "Live", "a.b", "{cluster}", "{tag:}", "{tag}", "{region", "x" * 64, "-a", "{a}b"]
)
def test_templates_that_make_no_namespace(template: str) -> None:
    with pytest.raises(BadTemplate, match=r"placeholder"):
        parse_template(template)


@pytest.mark.parametrize(
    ("template", "tags", "says"),
    [
        ("{tag:team}", {}, "{tag:team|default}"),
        ("{tag:team}", {"team": "ß€"}, "no tag team"),
        ("{tag:team}", {"team": "x" * 64}, "no name of a namespace"),
        ("{tag:team}-", {"team": "x"}, "no name of a namespace"),
    ],
)
def test_objects_without_a_namespace_say_why(template: str, tags: dict[str, str], says: str) -> None:
    with pytest.raises(Unnamed) as caught:
        namespace_of(parse_template(template), configuration(tags=tags))
    assert says in str(caught.value)
