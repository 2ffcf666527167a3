/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What spares the verifier work, and the programs calls of helpers. */
#ifndef AKLO_VERIFIER_H
#define AKLO_VERIFIER_H

#ifdef AKLO_BCC
#define CHECKED_ALONE static __always_inline
#else
/*
 * A function that the verifier checks once and by itself, and not again with all that can have
 * happened before each call of it: of 200 ms it saves 130. What it is given may be NULL, for all
 * that it knows, and it returns a number.
 */
#define CHECKED_ALONE __noinline

/*
 * Reading a field is one load instruction where the kernel lets a program say what type a pointer
 * has (6.2 and later), and a helper call of some 15 ns elsewhere. A call on a descriptor reads
 * seven of them.
 */
void *bpf_rdonly_cast(const void *pointer, __u32 btf_id) __ksym __weak;

/*
 * The same pointer, for reading only. Where a pointer is read from one that may be handed to
 * helpers, the verifier searches all of the kernel's types, for a millisecond.
 */
#define AS_READ(pointer, type)                                                                   \
	(config.direct ? (type *)bpf_rdonly_cast(pointer, bpf_core_type_id_kernel(type))         \
		       : (pointer))

#define READ_FIELD(into, pointer, field)                                                         \
	do {                                                                                     \
		if (config.direct)                                                               \
			into = (pointer)->field;                                                 \
		else                                                                             \
			bpf_core_read(&into, sizeof(into), &(pointer)->field);                   \
	} while (0)

#endif /* AKLO_BCC */

#endif
