"""What is known, for the places between."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.rules.filling import last_known, next_known

runs = st.lists(st.lists(st.booleans(), min_size=1, max_size=5), max_size=5)


@given(runs)
def test_what_is_known_reaches_to_the_ends_of_its_run(parts: list[list[bool]]) -> None:
    known = [one for part in parts for one in part]
    run = [number for number, part in enumerate(parts) for _ in part]
    arrays = np.array(known, dtype=bool), np.array(run, np.int64)
    places = [
        [place for place, one in enumerate(known) if one and run[place] == run[here]]
        for here in range(len(known))
    ]
    assert last_known(*arrays).tolist() == [
        max((place for place in some if place <= here), default=UNKNOWN)
        for here, some in enumerate(places)
    ]
    assert next_known(*arrays).tolist() == [
        min((place for place in some if place >= here), default=UNKNOWN)
        for here, some in enumerate(places)
    ]
