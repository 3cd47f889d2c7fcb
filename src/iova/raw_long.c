/* The guarded copy of more than 512 bytes on x86-64 with AVX; see raw_x86_64.c.
 *
 * 128 bytes a turn are loaded before those of the turn before are stored. Where both sides lie
 * alike within a page, as buffers from malloc() and guest pages do, a load just behind a store
 * would wait for it: the processor compares the low 12 bits of their addresses.
 *
 * The size is asked once more so that the first load does not come right behind the call: Valgrind,
 * which follows direct calls, would say that the caller faulted.
 */
#include "iova/guard.h"

#if IOVA_RAW_X86_64

__asm__(".text\n"
        ".p2align 6\n"
        ".globl fpr_iova_raw_long_begin\n"
        ".hidden fpr_iova_raw_long_begin\n"
        "fpr_iova_raw_long_begin:\n"
        ".globl fpr_iova_raw_copy_long\n"
        ".hidden fpr_iova_raw_copy_long\n"
        ".type fpr_iova_raw_copy_long, @function\n"
        "fpr_iova_raw_copy_long:\n" /* rdi to, rsi from, rdx n */
        ".cfi_startproc\n"
        "    cmpq $512, %rdx\n"
        "    jbe fpr_iova_raw_copy_short\n"
        "    vmovdqu (%rsi), %ymm0\n" /* up to where stores are aligned */
        "    leaq (%rdi,%rdx), %r8\n" /* the end */
        "    leaq -256(%r8), %r9\n"   /* behind this no turn is followed by a whole one */
        "    movl %edi, %ecx\n"
        "    andl $31, %ecx\n"
        "    movl $32, %eax\n"
        "    subl %ecx, %eax\n"
        "    vmovdqu %ymm0, (%rdi)\n"
        "    addq %rax, %rsi\n"
        "    addq %rax, %rdi\n"
        "    vmovdqu (%rsi), %ymm0\n"
        "    vmovdqu 32(%rsi), %ymm1\n"
        "    vmovdqu 64(%rsi), %ymm2\n"
        "    vmovdqu 96(%rsi), %ymm3\n"
        "    .p2align 5\n"
        "1:  subq $-128, %rsi\n" /* ymm0..3 are for (rdi), rsi is behind them */
        "    cmpq %r9, %rdi\n"
        "    ja 2f\n"
        "    vmovdqu (%rsi), %ymm4\n"
        "    vmovdqu 32(%rsi), %ymm5\n"
        "    vmovdqu 64(%rsi), %ymm6\n"
        "    vmovdqu 96(%rsi), %ymm7\n"
        "    vmovdqa %ymm0, (%rdi)\n"
        "    vmovdqa %ymm1, 32(%rdi)\n"
        "    vmovdqa %ymm2, 64(%rdi)\n"
        "    vmovdqa %ymm3, 96(%rdi)\n"
        "    subq $-128, %rdi\n"
        "    vmovdqa %ymm4, %ymm0\n"
        "    vmovdqa %ymm5, %ymm1\n"
        "    vmovdqa %ymm6, %ymm2\n"
        "    vmovdqa %ymm7, %ymm3\n"
        "    jmp 1b\n"
        "2:  subq %rdi, %r8\n" /* 128 to 255 bytes are left: these, and the last 128 once more */
        "    vmovdqu -256(%rsi,%r8), %ymm4\n"
        "    vmovdqu -224(%rsi,%r8), %ymm5\n"
        "    vmovdqu -192(%rsi,%r8), %ymm6\n"
        "    vmovdqu -160(%rsi,%r8), %ymm7\n"
        "    vmovdqa %ymm0, (%rdi)\n"
        "    vmovdqa %ymm1, 32(%rdi)\n"
        "    vmovdqa %ymm2, 64(%rdi)\n"
        "    vmovdqa %ymm3, 96(%rdi)\n"
        "    vmovdqu %ymm4, -128(%rdi,%r8)\n"
        "    vmovdqu %ymm5, -96(%rdi,%r8)\n"
        "    vmovdqu %ymm6, -64(%rdi,%r8)\n"
        "    vmovdqu %ymm7, -32(%rdi,%r8)\n"
        "    vzeroupper\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".globl fpr_iova_raw_long_fail\n"
        ".hidden fpr_iova_raw_long_fail\n"
        "fpr_iova_raw_long_fail:\n"
        "    vzeroupper\n"
        "    movl $-1, %eax\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size fpr_iova_raw_copy_long, .-fpr_iova_raw_copy_long\n");

#else
typedef int fpr_iova_raw_long_unused;
#endif
