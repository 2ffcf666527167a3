// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The same calls and processes as aklo_trace.bpf.c, for the loader bcc: without kernel structs, from
 * raw tracepoints and from the fields that tracefs describes. bcc rewrites what stands in this file
 * itself, so nothing does but the way in.
 */
#define AKLO_BCC
#include "aklo_trace.h"
#include "maps.bpf.h"
#include "bcc.h"
#include "accounts.bpf.h"
#include "verifier.bpf.h"
#include "machine.bpf.h"
#include "cpu.bpf.h"
#include "file.bpf.h"
#include "call.bpf.h"
#include "life.bpf.h"
#include "tid.bpf.h"
#include "ending.bpf.h"
#include "image.bpf.h"
#include "tracepoints.bpf.h"

int on_enter(void *context) { return enter(context); }
int on_exit(void *context) { return leave(context); }
int on_switch(void *context) { return switch_tasks(context); }
int on_fork(void *context) { return fork_task(context); }
int on_exec(void *context) { return execute(context); }
int on_signal_sent(void *context) { return send_signal(context); }
int on_signal_taken(void *context) { return take_signal(context); }
int on_task_exit(void *context) { return exit_task(context); }
