import pytest

from sdmx_hub.model.finding import Finding, Severity, Where, has_errors
from sdmx_hub.model.key import Key


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((frozenset({"A"}), frozenset({"SEN", "MLI"}), None, None), "A.MLI+SEN.."),
        ((None, None), "."),
        ((), ""),
    ],
)
def test_a_key_is_written_as_rest_v1_does(parts, text):
    assert str(Key(parts)) == text


def test_a_key_of_wildcards_matches_everything():
    assert Key((None, None)).is_wildcard
    assert Key(()).is_wildcard
    assert not Key((None, frozenset({"A"}))).is_wildcard


def make_finding(**values):
    return Finding(code="period-syntax", params={"text": "20x3"}, **values)


def test_a_finding_says_itself_in_every_language():
    finding = make_finding()
    assert len({finding.text(language) for language in ("en", "fr", "es")}) == 3
    assert "20x3" in finding.text("fr")
    assert finding.text("de") == finding.text("en")


def test_a_finding_leaves_out_of_its_report_what_does_not_apply():
    assert make_finding().as_json() == {
        "code": "period-syntax",
        "severity": "error",
        "message": make_finding().text(),
    }


def test_a_finding_reports_where_and_how_often():
    finding = make_finding(
        severity=Severity.WARNING,
        where=Where(file="a.csv", sheet="S", row=3, column="YEAR", path="/data/0"),
        source_value="20x3",
        suggestion="2023",
        count=4,
    )
    assert finding.as_json("es") == {
        "code": "period-syntax",
        "severity": "warning",
        "file": "a.csv",
        "sheet": "S",
        "row": 3,
        "column": "YEAR",
        "path": "/data/0",
        "value": "20x3",
        "message": finding.text("es"),
        "suggestion": "2023",
        "count": 4,
    }
    assert str(finding.where) == "a.csv:S:r3:YEAR:/data/0"


def test_only_errors_block():
    assert has_errors([make_finding(severity=Severity.INFO), make_finding()])
    assert not has_errors([make_finding(severity=Severity.WARNING)])
    assert not has_errors([])
