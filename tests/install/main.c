/* Uses a function of either library and prints what the caller compares. */
#include <stdio.h>
#include <fpr/fpr.h>
#include <fpr/replay.h>

int main(void)
{
    struct fpr_machine *machine;
    fpr_pfn pfn;

    if (fpr_machine_create_simple(FPR_PROFILE_V16, 65536, &machine))
        return 1;
    if (fpr_alloc_pages(machine, 3, FPR_GFP_KERNEL, &pfn))
        return 1;
    if (fpr_free_pages(machine, pfn, 3))
        return 1;
    fpr_machine_destroy(machine);
    printf("libfpr %s, knowledge bit %d\n", fpr_version(), fpr_knowledge_find("got", 3));
    return 0;
}
