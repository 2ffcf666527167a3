/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What differs between machines: argument registers, and how a 32-bit call is told apart. */
#ifndef AKLO_MACHINE_H
#define AKLO_MACHINE_H

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 0x0002 /* arch/x86/include/asm/thread_info.h */

#ifndef AKLO_BCC
static __always_inline bool is_compat(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT;
}
#endif

static __always_inline void load_args(__u64 *args, struct pt_regs *regs, bool compat)
{
	if (compat) {
		args[0] = (__u32)regs->bx;
		args[1] = (__u32)regs->cx;
		args[2] = (__u32)regs->dx;
		args[3] = (__u32)regs->si;
		args[4] = (__u32)regs->di;
		args[5] = (__u32)regs->bp;
		return;
	}
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

/* Of the call that a task is in; negative if it is in none. */
static __always_inline long call_number(struct pt_regs *regs)
{
	return regs->orig_ax;
}

static __always_inline __u64 first_argument(struct pt_regs *regs)
{
	return regs->di;
}

/* At the beginning of a function. */
static __always_inline __u64 return_address(struct pt_regs *regs)
{
	__u64 address = 0;

	bpf_probe_read_user(&address, sizeof(address), (const void *)regs->sp);
	return address;
}

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT (1 << 22) /* arch/arm64/include/asm/thread_info.h */

#ifndef AKLO_BCC
static __always_inline bool is_compat(struct task_struct *task)
{
	return task->thread_info.flags & TIF_32BIT;
}
#endif

static __always_inline void load_args(__u64 *args, struct pt_regs *regs, bool compat)
{
	__u64 mask = compat ? 0xffffffff : ~0ULL;

	args[0] = regs->orig_x0 & mask;
	args[1] = regs->regs[1] & mask;
	args[2] = regs->regs[2] & mask;
	args[3] = regs->regs[3] & mask;
	args[4] = regs->regs[4] & mask;
	args[5] = regs->regs[5] & mask;
}

static __always_inline long call_number(struct pt_regs *regs)
{
	return regs->syscallno;
}

static __always_inline __u64 first_argument(struct pt_regs *regs)
{
	return regs->regs[0];
}

static __always_inline __u64 return_address(struct pt_regs *regs)
{
	return regs->regs[30];
}

#endif

#endif
