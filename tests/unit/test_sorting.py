"""Which records of a watch name processes."""

from __future__ import annotations

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.sorting import NAMING, PLACES


def test_every_record_that_names_a_process_is_known() -> None:
    structs = {
        value
        for name, value in vars(layout).items()
        if name.endswith("_RECORD") and isinstance(value, layout.Struct)
    }
    naming = {struct for struct in structs if "proc_id" in dict(struct.fields)}
    assert naming == set(NAMING.values())
    forked = PLACES[layout.RECORD_FORK]
    assert len(forked) == 2
