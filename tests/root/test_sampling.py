"""The timer that looks at what runs between calls, at the rate that is asked for."""

from __future__ import annotations

from .recording import Recorder, Row

LOOP = "for ((i = 0; i < 300000; i++)); do :; done"


def samples(record: Recorder, rate: int) -> list[Row]:
    recording = record("bash", "-c", LOOP, name=f"at-{rate}", options=["--sample-hz", str(rate)])
    return recording.rows("samples")


def test_a_sample_stands_for_the_period_of_the_timer(record: Recorder) -> None:
    for rate in (100, 1000):
        assert {row["period_ns"] for row in samples(record, rate)} == {1_000_000_000 // rate}


def test_a_faster_timer_takes_more_samples(record: Recorder) -> None:
    assert len(samples(record, 1000)) > 3 * len(samples(record, 100)) > 0


def test_at_rate_0_nothing_is_sampled(record: Recorder) -> None:
    assert samples(record, 0) == []
