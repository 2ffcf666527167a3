"""The engine `bcc`: the events of `ebpf` without kernel structs, compiled and loaded by bcc."""
