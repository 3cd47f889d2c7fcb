#include "base/check.h"

#include "base/text.h"

#include <stdlib.h>
#include <unistd.h>

/* GCOVR_EXCL_START: aborts, so counts are never written; tests/prop/check.c sees it from outside */
_Noreturn void fpr_check_failed(const char *file, int line, const char *text, uint64_t left,
                                uint64_t right)
{
    char buffer[512];
    struct fpr_text t;
    fpr_text_init(&t, buffer, sizeof(buffer));
    fpr_text_str(&t, file);
    fpr_text_str(&t, ":");
    fpr_text_dec(&t, (uint64_t)line);
    fpr_text_str(&t, ": libfpr: broken invariant ");
    fpr_text_str(&t, text);
    fpr_text_str(&t, ": ");
    fpr_text_dec(&t, left);
    fpr_text_str(&t, " against ");
    fpr_text_dec(&t, right);
    fpr_text_str(&t, "\n");
    ssize_t ignored = write(STDERR_FILENO, buffer, t.len);
    (void)ignored;
    abort();
}
/* GCOVR_EXCL_STOP */
