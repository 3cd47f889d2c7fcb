// The same in C++11.
#include <cstdio>
#include <fpr/fpr.h>
#include <fpr/replay.h>

int main()
{
    fpr_machine *machine = nullptr;
    fpr_pfn pfn = FPR_PFN_NONE;

    if (fpr_machine_create_simple(FPR_PROFILE_V16, 65536, &machine))
        return 1;
    if (fpr_alloc_pages(machine, 3, FPR_GFP_KERNEL, &pfn) || fpr_free_pages(machine, pfn, 3))
        return 1;
    fpr_machine_destroy(machine);
    std::printf("libfpr %s, knowledge bit %d\n", fpr_version(), fpr_knowledge_find("got", 3));
    return 0;
}
