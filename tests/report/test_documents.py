"""One submission as one JSON document."""

from __future__ import annotations

import json

import msgspec

from grader.report import documents
from tests.report import samples
from tests.report.reading import filled


def test_a_check_is_one_document_with_its_schema_and_a_newline() -> None:
    data = documents.check_json(samples.WRONG, samples.HEAD)

    document = json.loads(data)
    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")
    assert list(document) == ["schema", "assignment", "environment", "devices", "submission"]
    assert document["schema"] == "grader/check/v1"
    assert document["submission"]["exercises"][1]["counterexample"]["got"] == {
        "dtype": "float32",
        "shape": [2],
        "values": [0.4399999976158142, 0.4399999976158142],
    }


def test_it_reads_back_as_it_was() -> None:
    document = msgspec.json.decode(documents.check_json(samples.WRONG, samples.HEAD), type=documents.Check)

    assert document.submission == samples.WRONG
    assert document.environment == samples.ENVIRONMENT


def test_names_that_are_no_utf_8_do_not_break_the_document() -> None:
    result = filled(samples.WRONG, lambda text: "\udcff" + text)

    document = json.loads(documents.check_json(result, samples.HEAD))

    assert document["submission"]["student"] == "\\udcffs02"
