"""The engine `ebpf`: BPF programs on tracepoints, loaded by libbpf."""
