/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the loader bcc has in place of libbpf, and what stands for kernel structs where their
 * layout is not known: registers as the ABI saves them, and nothing else.
 *
 * bcc rewrites the text that it is given, but not what that includes; so maps are taken here from
 * the descriptors of maps that exist already (MAP_name, defined by loader.py).
 */
#ifndef AKLO_BCC_H
#define AKLO_BCC_H

#define BPF_PSEUDO_MAP_VALUE 2
#define MAP(name) (*(struct bcc_map *)bpf_pseudo_fd(BPF_PSEUDO_MAP_FD, MAP_##name))
#define MAP_VALUE(type, name) (*(type *)bpf_pseudo_fd(BPF_PSEUDO_MAP_VALUE, MAP_##name))

#define tasks MAP(tasks)
#define processes MAP(processes)
#define images MAP(images)
#define events MAP(events)
#define positions MAP(positions)
#define cpu_counters MAP(cpu_counters)
#define records MAP(records)
#define bell MAP(bell)
#define controls MAP(controls)
#define specs MAP(specs)
#define scratches MAP(scratches)
#define config MAP_VALUE(const volatile struct config, config)
#define summons MAP_VALUE(volatile struct summons, summons)

/*
 * The helper of that name needs kernel 5.17, and a function that is not inlined, which bcc does not
 * load. The verifier follows a loop step by step, and takes no more than some hundred of them.
 */
#define bpf_loop(count, step, context, flags)                                                    \
	do {                                                                                     \
		for (__u32 index_ = 0; index_ < (count); index_++)                               \
			if (step(index_, context))                                               \
				break;                                                           \
	} while (0)

/* bcc declares that they return an int, and the verifier loses sight of their limits. */
#define READ_AS_LONG(name) ((long (*)(void *, __u32, const void *))BPF_FUNC_##name)
#define bpf_probe_read_user_str READ_AS_LONG(probe_read_user_str)
#define bpf_probe_read_kernel_str READ_AS_LONG(probe_read_kernel_str)

struct bcc_map;
struct task_struct;
struct files_struct;
struct fs_struct;

#define pt_regs saved_registers

#if defined(__TARGET_ARCH_x86)

#define USER32_CS 0x23	    /* arch/x86/include/asm/segment.h: __USER32_CS */
#define INT_0X80 0x80cd	    /* the instruction */

/* As in ptrace(2)'s struct user_regs_struct. */
struct saved_registers {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

/*
 * The instruction `syscall` leaves the address behind it in cx. A 64-bit program can make a 32-bit
 * call as well, with `int $0x80`, and that does not.
 */
static __always_inline bool is_compat_call(const struct saved_registers *regs)
{
	__u16 instruction = 0;

	if (regs->cs == USER32_CS)
		return true;
	if (regs->cx == regs->ip)
		return false;
	bpf_probe_read_user(&instruction, sizeof(instruction), (void *)(regs->ip - 2));
	return instruction == INT_0X80;
}

static __always_inline bool is_32bit(const struct saved_registers *regs)
{
	return regs->cs == USER32_CS;
}

#elif defined(__TARGET_ARCH_arm64)

#define PSR_MODE32_BIT 0x10 /* arch/arm64/include/uapi/asm/ptrace.h */

/* The first part is struct user_pt_regs. */
struct saved_registers {
	__u64 regs[31];
	__u64 sp, pc, pstate;
	__u64 orig_x0;
	__s32 syscallno;
};

static __always_inline bool is_32bit(const struct saved_registers *regs)
{
	return regs->pstate & PSR_MODE32_BIT;
}

static __always_inline bool is_compat_call(const struct saved_registers *regs)
{
	return is_32bit(regs);
}

#endif

#endif
