/* Explaining what a device or the guest did with memory that did not change hands. */
#include "lab.h"

#include <inttypes.h>
#include <string.h>

struct wanted {
    uint64_t iova;
    const char *at;    /* NULL: not found */
    const char *begin; /* of the mapping */
    uint64_t size;
};

static int find(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    struct wanted *w = ctx;
    (void)prot;
    if (w->iova >= iova && w->iova - iova < size) {
        w->begin = (const char *)(uintptr_t)vaddr;
        w->at = w->begin + (w->iova - iova);
        w->size = size;
    }
    return 0;
}

static void say_mapping(struct lab *lab, const char *text)
{
    struct wanted w = {.at = NULL};
    struct fpr_iova_space *space = fpr_guest_iova(lab->w.guest);
    const struct fpr_arena *arena = fpr_guest_arena(lab->w.guest);
    char *end;
    w.iova = lab_digits(text, &end);
    fpr_iova_walk(space, find, &w);
    if (!w.at) {
        return;
    }
    const char *memory = fpr_arena_address(arena, 0);
    lab_say(lab, "- IOVA %s is mapped to frame %s (pages pinned in this mapping: %" PRIu64 ")",
            lab_hex(w.iova).text,
            lab_hex((fpr_pfn)(w.at - memory) / fpr_arena_page_size(arena)).text,
            fpr_iova_pinned_in(space, w.begin, (size_t)w.size));
}

void lab_why_used(struct lab *lab)
{
    static const char *const mapped[] = {"map", "rw", "pin", "unpin", NULL};
    struct lab_words words;
    if (!lab->w.guest || lab_split(lab, lab->history[lab->done - 1], &words) || words.n < 2) {
        return;
    }
    const char *command = words.word[0], *what = words.word[1];
    for (size_t k = 0; mapped[k]; k++) {
        if (!strcmp(command, mapped[k])) {
            say_mapping(lab, what);
        }
    }
    if (!strcmp(command, "dma")) {
        lab_say(lab,
                "- a pin keeps the frame that was mapped when it was made; the map is not asked");
    } else if (!strcmp(command, "unmap")) {
        lab_say(lab, "- the device sees it no more; whose memory it is stays as it was");
    } else if (!strcmp(command, "store") || !strcmp(command, "load")) {
        const struct lab_name *name = lab_name_find(lab, what);
        if (name) {
            lab_say(lab, "- the guest's own access: %s begins at frame %s", name->text,
                    lab_hex(name->pfn).text);
        }
    }
}
