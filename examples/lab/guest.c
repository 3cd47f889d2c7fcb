/* A guest's memory and its IOVA map: what a device does. */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static enum lab_result need_guest(struct lab *lab, const struct lab_words *words)
{
    return lab->w.guest
               ? LAB_OK
               : lab_fail(lab, LAB_REFUSED, "%s needs a guest: begin with the command guest",
                          words->word[0]);
}

static size_t page_size(const struct lab *lab)
{
    return fpr_arena_page_size(fpr_guest_arena(lab->w.guest));
}

/* What an error means for a command of the device. */
static enum lab_result refused(struct lab *lab, const char *what, int err)
{
    static const struct {
        const char *what;
        int err;
        const char *means;
    } known[] = {
        {"map", -EINVAL, "the IOVA is no multiple of the page size"},
        {"map", -EOVERFLOW, "the range ends beyond the last IOVA, 0xffffffffffffffff"},
        {"map", -EEXIST, "there is a mapping already, at least in part; unmap it first"},
        {"unmap", -EINVAL,
         "the IOVA is no multiple of the page size, or it would cut a mapping; "
         "unmap IOVA PAGES takes a whole one"},
        {"pin", -EINVAL, "not all of that is mapped, or the IOVA is no multiple of the page size"},
        {"unpin", -EINVAL, "the IOVA is no multiple of the page size"},
        {"dma", -EINVAL, "nothing is mapped there, at least in part"},
        {"rw", -EINVAL, "not all of that is mapped"},
    };
    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        if (known[k].err == err && !strcmp(known[k].what, what)) {
            return lab_fail(lab, LAB_REFUSED, "%s: %s (page size 0x%zx; show mappings)", what,
                            known[k].means, page_size(lab));
        }
    }
    return lab_fail(lab, LAB_REFUSED, "%s: %s", what, strerror(-err));
}

/* map IOVA NAME, map IOVA FRAME PAGES */
enum lab_result lab_cmd_map(struct lab *lab, const struct lab_words *words)
{
    enum lab_result r = need_guest(lab, words);
    uint64_t iova, pfn, pages = 1, all = lab->w.info.spanned;
    if (r) {
        return r;
    }
    if (words->n != 3 && words->n != 4) {
        return lab_fail(lab, LAB_BAD, "map IOVA NAME, or map IOVA FRAME PAGES");
    }
    r = lab_number(lab, "IOVA", words->word[1], 0, UINT64_MAX, &iova);
    const struct lab_name *name = lab_name_find(lab, words->word[2]);
    if (!r && name && words->n == 3) {
        pfn = name->pfn;
        pages = 1ull << name->order;
    } else if (!r && !isdigit((unsigned char)*words->word[2])) {
        return lab_fail(lab, LAB_REFUSED, "no block is called '%s'", words->word[2]);
    } else {
        r = r ? r : lab_number(lab, "frame", words->word[2], 0, all - 1, &pfn);
        if (!r && words->n == 4) {
            r = lab_number(lab, "pages", words->word[3], 1, all - pfn, &pages);
        }
    }
    if (r) {
        return r;
    }
    uint64_t address = (uint64_t)(uintptr_t)fpr_arena_address(fpr_guest_arena(lab->w.guest), pfn);
    uint64_t size = pages * page_size(lab);
    int err = fpr_iova_map(fpr_guest_iova(lab->w.guest), iova, size, address,
                           FPR_IOVA_READ | FPR_IOVA_WRITE);
    if (err) {
        err = iova + (size - 1) < iova && iova % page_size(lab) == 0 ? -EOVERFLOW : err;
        return refused(lab, "map", err);
    }
    lab_say(lab, "mapped IOVA %s to frame %s, %" PRIu64 " page%s", lab_hex(iova).text,
            lab_hex(pfn).text, pages, pages == 1 ? "" : "s");
    return LAB_OK;
}

/* IOVA [PAGES] of unmap, pin and unpin. */
static enum lab_result read_range(struct lab *lab, const struct lab_words *words, uint64_t *iova,
                                  uint64_t *pages)
{
    enum lab_result r = need_guest(lab, words);
    *pages = 1;
    if (!r && words->n != 2 && words->n != 3) {
        r = lab_fail(lab, LAB_BAD, "%s IOVA [PAGES]", words->word[0]);
    }
    r = r ? r : lab_number(lab, "IOVA", words->word[1], 0, UINT64_MAX, iova);
    if (!r && words->n == 3) {
        r = lab_number(lab, "pages", words->word[2], 1, FPR_IOVA_PIN_MAX, pages);
    }
    return r;
}

enum lab_result lab_cmd_unmap(struct lab *lab, const struct lab_words *words)
{
    uint64_t iova, pages, bytes = 0;
    enum lab_result r = read_range(lab, words, &iova, &pages);
    if (r) {
        return r;
    }
    int err = fpr_iova_unmap(fpr_guest_iova(lab->w.guest), iova, pages * page_size(lab), &bytes);
    if (err) {
        return refused(lab, "unmap", err);
    }
    pages = bytes / page_size(lab);
    lab_say(lab, "unmapped %" PRIu64 " page%s", pages, pages == 1 ? "" : "s");
    return LAB_OK;
}

enum lab_result lab_cmd_pin(struct lab *lab, const struct lab_words *words)
{
    uint64_t iova, pages;
    void *frames[FPR_IOVA_PIN_MAX];
    enum lab_result r = read_range(lab, words, &iova, &pages);
    if (r) {
        return r;
    }
    int err = fpr_iova_pin(fpr_guest_iova(lab->w.guest), iova, (int64_t)pages,
                           FPR_IOVA_READ | FPR_IOVA_WRITE, frames);
    if (err < 0) {
        return refused(lab, "pin", err);
    }
    lab_say(lab, "pinned %d page%s", err, err == 1 ? "" : "s");
    return LAB_OK;
}

enum lab_result lab_cmd_unpin(struct lab *lab, const struct lab_words *words)
{
    uint64_t iova, pages;
    enum lab_result r = read_range(lab, words, &iova, &pages);
    if (r) {
        return r;
    }
    int err = fpr_iova_unpin(fpr_guest_iova(lab->w.guest), iova, (int64_t)pages);
    if (err < 0) {
        return refused(lab, "unpin", err);
    }
    lab_say(lab, "unpinned %d page%s", err, err == 1 ? "" : "s");
    return LAB_OK;
}

/* Bytes as text, dots for what cannot be printed. */
static void say_bytes(struct lab *lab, const char *who, const unsigned char *data, size_t len)
{
    char text[65];
    for (size_t k = 0; k < len; k++) {
        /* NOLINTNEXTLINE(*NullDereference) analyzer: null-dereference; data is given with len */
        text[k] = isprint(data[k]) ? (char)data[k] : '.';
    }
    text[len] = '\0';
    lab_say(lab, "%s \"%s\"", who, text);
}

/* rw IOVA LEN, rw IOVA "text" */
enum lab_result lab_cmd_rw(struct lab *lab, const struct lab_words *words)
{
    enum lab_result r = need_guest(lab, words);
    uint64_t iova, len = 0;
    char data[64];
    if (!r && words->n != 3) {
        r = lab_fail(lab, LAB_BAD, "rw IOVA LENGTH reads, rw IOVA \"text\" writes");
    }
    r = r ? r : lab_number(lab, "IOVA", words->word[1], 0, UINT64_MAX, &iova);
    if (r) {
        return r;
    }
    bool write = !isdigit((unsigned char)*words->word[2]);
    len = strlen(words->word[2]);
    if (!write) {
        r = lab_number(lab, "length", words->word[2], 1, sizeof(data), &len);
    } else if (len == 0 || len > sizeof(data)) {
        r = lab_fail(lab, LAB_BAD, "text: 1 to %zu characters", sizeof(data));
    }
    if (r) {
        return r;
    }
    if (write) {
        memcpy(data, words->word[2], len);
    }
    int err = fpr_iova_rw(lab->w.reader, iova, data, len, write);
    if (err) {
        return refused(lab, "rw", err);
    }
    if (write) {
        lab_say(lab, "the device wrote %zu bytes through the map", (size_t)len);
    } else {
        say_bytes(lab, "the device reads", (unsigned char *)data, len);
    }
    return LAB_OK;
}

/* Where a device sees the frames of pages that it has pinned already. A pin more that makes a page
 * count as locked was the first. */
static enum lab_result pinned_frames(struct lab *lab, uint64_t iova, int64_t pages, void **frames)
{
    struct fpr_iova_space *space = fpr_guest_iova(lab->w.guest);
    uint64_t before = fpr_iova_locked_pages(space);
    int err = fpr_iova_pin(space, iova, pages, FPR_IOVA_READ, frames);
    if (err < 0) {
        return refused(lab, "dma", err);
    }
    bool pinned = fpr_iova_locked_pages(space) == before;
    fpr_iova_unpin(space, iova, pages);
    return pinned ? LAB_OK
                  : lab_fail(lab, LAB_REFUSED,
                             "dma: not all of that is pinned; pin it first, or read without a pin: "
                             "rw");
}

/* dma IOVA LENGTH: through the pin, which keeps the frame as it was when it was pinned. */
enum lab_result lab_cmd_dma(struct lab *lab, const struct lab_words *words)
{
    enum lab_result r = need_guest(lab, words);
    uint64_t iova, len = 0;
    void *frames[2] = {NULL};
    unsigned char data[64];
    if (!r && words->n != 3) {
        r = lab_fail(lab, LAB_BAD, "dma IOVA LENGTH");
    }
    r = r ? r : lab_number(lab, "IOVA", words->word[1], 0, UINT64_MAX, &iova);
    r = r ? r : lab_number(lab, "length", words->word[2], 1, sizeof(data), &len);
    if (r) {
        return r;
    }
    if (iova + (len - 1) < iova) {
        return refused(lab, "dma", -EINVAL);
    }
    uint64_t at = iova & (page_size(lab) - 1);
    iova -= at;
    r = pinned_frames(lab, iova, at + len > page_size(lab) ? 2 : 1, frames);
    for (size_t k = 0; !r && k < len; k++, at++) {
        data[k] = ((unsigned char *)frames[at / page_size(lab)])[at % page_size(lab)];
    }
    if (!r) {
        say_bytes(lab, "through its pin the device reads", data, len);
    }
    return r;
}

/* Address of a block that has a name. */
static enum lab_result block_address(struct lab *lab, const struct lab_words *words, unsigned n,
                                     unsigned char **address)
{
    enum lab_result r = need_guest(lab, words);
    if (!r && words->n != n) {
        r = lab_fail(lab, LAB_BAD, n == 3 ? "store NAME \"text\"" : "load NAME");
    }
    if (r) {
        return r;
    }
    const struct lab_name *name = lab_name_find(lab, words->word[1]);
    if (!name) {
        return lab_fail(lab, LAB_REFUSED, "no block is called '%s'", words->word[1]);
    }
    *address = fpr_arena_address(fpr_guest_arena(lab->w.guest), name->pfn);
    return LAB_OK;
}

enum lab_result lab_cmd_store(struct lab *lab, const struct lab_words *words)
{
    unsigned char *address = NULL;
    enum lab_result r = block_address(lab, words, 3, &address);
    if (!r && strlen(words->word[2]) > 64) {
        r = lab_fail(lab, LAB_BAD, "text: at most 64 characters");
    }
    if (!r) {
        /* NOLINTNEXTLINE(*NonNullParamChecker) analyzer: null-argument; block_address() set it */
        memcpy(address, words->word[2], strlen(words->word[2]));
        lab_say(lab, "the guest wrote \"%s\"", words->word[2]);
    }
    return r;
}

enum lab_result lab_cmd_load(struct lab *lab, const struct lab_words *words)
{
    unsigned char *address = NULL;
    enum lab_result r = block_address(lab, words, 2, &address);
    if (!r) {
        say_bytes(lab, "the guest reads", address, 16);
    }
    return r;
}

#define MAPPINGS 128
struct mappings {
    size_t n;
    struct mapping {
        uint64_t iova, size, vaddr;
        unsigned prot;
    } of[MAPPINGS];
};

static int add_mapping(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr, unsigned prot)
{
    struct mappings *m = ctx;
    if (m->n < MAPPINGS) {
        m->of[m->n] = (struct mapping){iova, size, vaddr, prot};
    }
    m->n++;
    return 0;
}

void lab_mappings(struct lab *lab, FILE *f)
{
    static struct mappings m;
    m.n = 0;
    if (!lab->w.guest) {
        fprintf(f, "no IOVA map: begin with the command guest\n");
        return;
    }
    struct fpr_iova_space *space = fpr_guest_iova(lab->w.guest);
    const char *memory = fpr_arena_address(fpr_guest_arena(lab->w.guest), 0);
    fpr_iova_walk(space, add_mapping, &m);
    for (size_t k = 0; k < m.n && k < MAPPINGS; k++) {
        const char *at = (const char *)(uintptr_t)m.of[k].vaddr;
        fprintf(f, "IOVA %-10s frame %-6s %4zu page%s %s%s, %" PRIu64 " pinned\n",
                lab_hex(m.of[k].iova).text, lab_hex((fpr_pfn)(at - memory) / page_size(lab)).text,
                (size_t)m.of[k].size / page_size(lab), m.of[k].size == page_size(lab) ? ", " : "s,",
                m.of[k].prot & FPR_IOVA_READ ? "r" : "-", m.of[k].prot & FPR_IOVA_WRITE ? "w" : "-",
                fpr_iova_pinned_in(space, at, (size_t)m.of[k].size));
    }
    if (m.n > MAPPINGS) {
        fprintf(f, "and %zu more\n", m.n - MAPPINGS);
    } else if (m.n == 0) {
        fprintf(f, "nothing is mapped\n");
    }
}
