/* The guarded copy on x86-64: routines of our own, leaves without a stack frame, so that the
 * handler can end them from any instruction by returning to their failure exit. Sanitizers do not
 * see them, which is right: guest memory is shared with whoever runs in the guest.
 *
 * Up to 512 bytes are copied with 16-byte registers. More is copied with 32-byte ones (see
 * raw_long.c) where the processor has them; else with "rep movsb", which takes two to five times
 * as long as memcpy() on processors that do not claim to be fast at it.
 * Stores go upwards, so nothing behind a page at fault is changed.
 */
#include "iova/guard.h"

#if IOVA_RAW_X86_64

#include <ucontext.h>

extern const char fpr_iova_raw_begin[];
extern const char fpr_iova_raw_fail[];
extern const char fpr_iova_raw_long_begin[];
extern const char fpr_iova_raw_long_fail[];

/* An instruction between the two goes on at the exit. */
static bool leave(greg_t *ip, const char *begin, const char *exit)
{
    if (*ip < (greg_t)(uintptr_t)begin || *ip >= (greg_t)(uintptr_t)exit)
        return false;
    *ip = (greg_t)(uintptr_t)exit;
    return true;
}

bool fpr_iova_raw_leave(void *context)
{
    greg_t *ip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    return leave(ip, fpr_iova_raw_begin, fpr_iova_raw_fail) ||
           leave(ip, fpr_iova_raw_long_begin, fpr_iova_raw_long_fail);
}

__asm__(".text\n"
        ".p2align 6\n"
        ".globl fpr_iova_raw_begin\n"
        ".hidden fpr_iova_raw_begin\n"
        "fpr_iova_raw_begin:\n"
        ".globl fpr_iova_raw_copy_short\n"
        ".hidden fpr_iova_raw_copy_short\n"
        ".type fpr_iova_raw_copy_short, @function\n"
        "fpr_iova_raw_copy_short:\n" /* rdi to, rsi from, rdx n */
        ".cfi_startproc\n"
        "    cmpq $64, %rdx\n"
        "    ja 20f\n"
        "    cmpq $32, %rdx\n"
        "    ja 10f\n"
        "    cmpq $16, %rdx\n"
        "    ja 11f\n"
        "    cmpl $8, %edx\n"
        "    je 1f\n"
        "    ja 12f\n"
        "    cmpl $4, %edx\n"
        "    je 2f\n"
        "    ja 13f\n"
        "    cmpl $2, %edx\n"
        "    je 3f\n"
        "    ja 4f\n"
        "    testl %edx, %edx\n"
        "    je 9f\n"
        "    movzbl (%rsi), %eax\n" /* 1 */
        "    movb %al, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "1:  movq (%rsi), %rax\n" /* 8 */
        "    movq %rax, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "2:  movl (%rsi), %eax\n" /* 4 */
        "    movl %eax, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "3:  movzwl (%rsi), %eax\n" /* 2 */
        "    movw %ax, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "4:  movzwl (%rsi), %eax\n" /* 3 */
        "    movzbl 2(%rsi), %ecx\n"
        "    movw %ax, (%rdi)\n"
        "    movb %cl, 2(%rdi)\n"
        "9:  xorl %eax, %eax\n"
        "    ret\n"
        "10: movups (%rsi), %xmm0\n" /* 33..64 */
        "    movups 16(%rsi), %xmm1\n"
        "    movups -32(%rsi,%rdx), %xmm2\n"
        "    movups -16(%rsi,%rdx), %xmm3\n"
        "    movups %xmm0, (%rdi)\n"
        "    movups %xmm1, 16(%rdi)\n"
        "    movups %xmm2, -32(%rdi,%rdx)\n"
        "    movups %xmm3, -16(%rdi,%rdx)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "11: movups (%rsi), %xmm0\n" /* 17..32 */
        "    movups -16(%rsi,%rdx), %xmm1\n"
        "    movups %xmm0, (%rdi)\n"
        "    movups %xmm1, -16(%rdi,%rdx)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "12: movq (%rsi), %rax\n" /* 9..16 */
        "    movq -8(%rsi,%rdx), %rcx\n"
        "    movq %rax, (%rdi)\n"
        "    movq %rcx, -8(%rdi,%rdx)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "13: movl (%rsi), %eax\n" /* 5..7 */
        "    movl -4(%rsi,%rdx), %ecx\n"
        "    movl %eax, (%rdi)\n"
        "    movl %ecx, -4(%rdi,%rdx)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "20: cmpq $512, %rdx\n"
        "    ja 30f\n"
        "    movups -64(%rsi,%rdx), %xmm4\n" /* 65..512: the last 64 now, 64 a turn, */
        "    movups -48(%rsi,%rdx), %xmm5\n" /* then those */
        "    movups -32(%rsi,%rdx), %xmm6\n"
        "    movups -16(%rsi,%rdx), %xmm7\n"
        "    leaq -64(%rdi,%rdx), %rcx\n"
        "21: movups (%rsi), %xmm0\n"
        "    movups 16(%rsi), %xmm1\n"
        "    movups 32(%rsi), %xmm2\n"
        "    movups 48(%rsi), %xmm3\n"
        "    movups %xmm0, (%rdi)\n"
        "    movups %xmm1, 16(%rdi)\n"
        "    movups %xmm2, 32(%rdi)\n"
        "    movups %xmm3, 48(%rdi)\n"
        "    addq $64, %rsi\n"
        "    addq $64, %rdi\n"
        "    cmpq %rcx, %rdi\n"
        "    jb 21b\n"
        "    movups %xmm4, (%rcx)\n"
        "    movups %xmm5, 16(%rcx)\n"
        "    movups %xmm6, 32(%rcx)\n"
        "    movups %xmm7, 48(%rcx)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "30: movq %rdx, %rcx\n" /* more */
        "    rep movsb\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size fpr_iova_raw_copy_short, .-fpr_iova_raw_copy_short\n"
        ".globl fpr_iova_raw_probe_write\n"
        ".hidden fpr_iova_raw_probe_write\n"
        ".type fpr_iova_raw_probe_write, @function\n"
        "fpr_iova_raw_probe_write:\n"
        ".cfi_startproc\n"
        "    lock orb $0, (%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".globl fpr_iova_raw_fail\n"
        ".hidden fpr_iova_raw_fail\n"
        "fpr_iova_raw_fail:\n"
        "    movl $-1, %eax\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size fpr_iova_raw_probe_write, .-fpr_iova_raw_probe_write\n");

#else
typedef int fpr_iova_raw_x86_64_unused;
#endif
