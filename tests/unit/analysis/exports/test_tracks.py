"""What is on a track lies within what is around it, and ends are where they belong."""

from __future__ import annotations

from aklo_analysis.exports.tracks import FOREVER, Track


def test_nothing_lasts_longer_than_what_is_around_it() -> None:
    track = Track()
    track.begin(0, 10)
    track.begin(5, 20)
    assert [*track.until(9)] == []
    assert [*track.until(15)] == [10, 10]
    assert track.depth == 0


def test_what_has_no_end_of_its_own_ends_when_it_is_told() -> None:
    track = Track()
    track.begin(0, FOREVER)
    track.begin(2, FOREVER)
    track.begin(3, 7)
    assert [*track.until(1000)] == [7]
    assert [*track.close(1, track.now_ns)] == [7]
    assert [*track.close(0, 50)] == [50]


def test_what_passes_moves_the_time_on() -> None:
    track = Track()
    track.begin(0, FOREVER)
    track.pass_through(8)
    assert [*track.close(0, track.now_ns)] == [8]
