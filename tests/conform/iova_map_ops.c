/* Operations that open containers and change maps. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "iova_arena.h"
#include "iova_replay.h"

/* Valid IOVAs behind the recorded machine's emulated Intel IOMMU. */
static const struct fpr_iova_range pci_ranges[] = {
    {0, 0xfedfffff},
    {0xfef00000, UINT64_C(0x7fffffffff)},
};

/* The device: notes what it is told and drops its pins there. */
static void on_unmap(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    struct iova_replay *r = ctx;
    if (r->told < IOVA_TOLD_MAX)
        r->told_range[r->told] = (struct fpr_iova_range){iova, size};
    r->told++;
    fpr_iova_unpin_range(space, iova, size);
}

static void op_open(struct iova_replay *r)
{
    struct fpr_iova_config config;
    const char *device = r->words > 2 ? r->word[2] : "emu";
    bool v1 = r->words > 1 && strcmp(r->word[1], "v1") == 0;
    if (!v1 && !(r->words > 1 && strcmp(r->word[1], "v2") == 0)) {
        iova_bad(r, "open: neither v1 nor v2");
        return;
    }
    if (strcmp(device, "emu") != 0 && strcmp(device, "pci") != 0 && strcmp(device, "both") != 0) {
        iova_bad(r, "open: unknown device '%.20s'", device);
        return;
    }
    iova_replay_close(r);
    fpr_iova_config_init(&config, r->profile);
    config.type = v1 ? FPR_IOVA_TYPE1 : FPR_IOVA_TYPE1V2;
    config.entry_limit = iova_number(r, 3, config.entry_limit);
    config.emulated = strcmp(device, "pci") != 0;
    config.hardware = strcmp(device, "emu") != 0;
    config.ranges = config.hardware ? pci_ranges : NULL;
    config.nranges = config.hardware ? 2 : 0;
    config.locked_limit = r->locked_limit;
    config.capable = r->capable;
    config.unmap = on_unmap;
    config.unmap_ctx = r;
    config.stale_dirty = !r->exact_dirty;
    if (r->bad)
        return;
    int rc = fpr_iova_space_create(&config, &r->space);
    if (rc == 0)
        rc = fpr_iova_reader_create(r->space, &r->reader);
    iova_say_rc(r, rc);
}

static uint64_t vaddr_word(struct iova_replay *r, unsigned i)
{
    char *text = i < r->words ? r->word[i] : "";
    if (strncmp(text, "a:", 2) != 0 && strncmp(text, "x:", 2) != 0) {
        iova_bad(r, "'%.40s' is neither a:OFFSET nor x:ADDRESS", text);
        return 0;
    }
    r->word[i] = text + 2;
    return iova_number(r, i, 0) + (text[0] == 'a' ? (uintptr_t)r->arena : 0);
}

/* Letters, "-", or a raw number. */
static uint32_t flags_word(struct iova_replay *r, unsigned i, const char *letters,
                           const uint32_t *bits)
{
    if (i >= r->words) {
        iova_bad(r, "no flags");
        return 0;
    }
    const char *text = r->word[i];
    if (text[0] >= '0' && text[0] <= '9')
        return (uint32_t)iova_number(r, i, 0);
    uint32_t flags = 0;
    for (; *text && !r->bad && strcmp(text, "-") != 0; text++) {
        const char *at = strchr(letters, *text);
        if (at)
            flags |= bits[at - letters];
        else
            iova_bad(r, "unknown flags '%.20s'", r->word[i]);
    }
    return flags;
}

static void op_map(struct iova_replay *r)
{
    static const uint32_t bits[] = {FPR_IOVA_READ, FPR_IOVA_WRITE, FPR_IOVA_VADDR};
    struct fpr_iova_ioctl_map map = {
        .iova = iova_number(r, 1, 0),
        .size = iova_number(r, 2, 0),
        .vaddr = vaddr_word(r, 3),
        .flags = flags_word(r, 4, "rwv", bits),
        .argsz = (uint32_t)iova_number(r, 5, 32),
    };
    if (!r->bad)
        iova_say_rc(r, fpr_iova_ioctl_map_dma(r->space, &map));
}

static void op_unmap(struct iova_replay *r)
{
    static const uint32_t bits[] = {FPR_IOVA_UNMAP_DIRTY, FPR_IOVA_UNMAP_ALL, FPR_IOVA_VADDR};
    struct fpr_iova_ioctl_unmap unmap = {
        .iova = iova_number(r, 1, 0),
        .size = iova_number(r, 2, 0),
        .flags = flags_word(r, 3, "dav", bits),
        .argsz = (uint32_t)iova_number(r, 4, 24),
    };
    if (r->bad)
        return;
    iova_say_rc(r, fpr_iova_ioctl_unmap_dma(r->space, &unmap));
    iova_say(r, " size=0x%" PRIx64, unmap.size);
}

/* A caller's bitmap: words 3 to 5 are PGSIZE BMBYTES PREFILL. More than the kernel takes is not
 * really there. */
static uint64_t *bitmap_words(struct iova_replay *r, struct fpr_iova_bitmap *bitmap)
{
    enum { ENOUGH = 1 << 19 };
    bitmap->pgsize = iova_number(r, 3, 0);
    bitmap->size = iova_number(r, 4, 0);
    uint64_t prefill = iova_number(r, 5, 0);
    uint64_t bytes = bitmap->size > 0x10000000 ? 0 : bitmap->size;
    size_t words = (size_t)(bytes < ENOUGH ? ENOUGH : bytes) / 8 + 1;
    bitmap->data = malloc(words * 8);
    if (!bitmap->data) {
        iova_bad(r, "no memory for a bitmap");
        return NULL;
    }
    for (size_t i = 0; i < words; i++)
        bitmap->data[i] = prefill;
    return bitmap->data;
}

static void say_bitmap(struct iova_replay *r, const struct fpr_iova_bitmap *bitmap)
{
    enum { SHOWN = 1 << 19 };
    size_t words = (size_t)(bitmap->size < SHOWN ? bitmap->size : SHOWN) / 8, n = words;
    while (n > 0 && bitmap->data[n - 1] == 0)
        n--;
    if (n > 256) {
        iova_say(r, " bmfnv=%016" PRIx64, fnv(FNV_START, bitmap->data, words * 8));
        return;
    }
    iova_say(r, n ? " bm=" : " bm=0");
    for (size_t i = 0; i < n; i++)
        iova_say(r, "%s%" PRIx64, i ? "," : "", bitmap->data[i]);
}

static void op_unmapd(struct iova_replay *r)
{
    struct fpr_iova_ioctl_unmap unmap = {
        .argsz = 48,
        .iova = iova_number(r, 1, 0),
        .size = iova_number(r, 2, 0),
        .flags = (uint32_t)iova_number(r, 6, FPR_IOVA_UNMAP_DIRTY),
    };
    uint64_t *data = bitmap_words(r, &unmap.bitmap);
    if (!r->bad) {
        iova_say_rc(r, fpr_iova_ioctl_unmap_dma(r->space, &unmap));
        iova_say(r, " size=0x%" PRIx64, unmap.size);
        say_bitmap(r, &unmap.bitmap);
    }
    free(data);
}

static void op_dget(struct iova_replay *r)
{
    struct fpr_iova_ioctl_dirty dirty = {
        .argsz = 48,
        .flags = 4,
        .iova = iova_number(r, 1, 0),
        .size = iova_number(r, 2, 0),
    };
    uint64_t *data = bitmap_words(r, &dirty.bitmap);
    if (!r->bad) {
        iova_say_rc(r, fpr_iova_ioctl_dirty_pages(r->space, &dirty));
        say_bitmap(r, &dirty.bitmap);
    }
    free(data);
}

static void op_dirty(struct iova_replay *r, uint32_t flags, uint32_t argsz)
{
    struct fpr_iova_ioctl_dirty dirty = {.argsz = argsz, .flags = flags};
    if (!r->bad)
        iova_say_rc(r, fpr_iova_ioctl_dirty_pages(r->space, &dirty));
}

static void op_info(struct iova_replay *r)
{
    struct fpr_iova_info info;
    int rc = fpr_iova_get_info(r->space, &info);
    iova_say_rc(r, rc);
    if (rc)
        return;
    iova_say(r, " flags=0x%" PRIx32 " pgsizes=0x%" PRIx64 " mig_pgsizes=0x%" PRIx64, info.flags,
             info.page_sizes, info.dirty_page_sizes);
    iova_say(r, " max_bm=0x%" PRIx64 " avail=%" PRIu64, info.max_bitmap_bytes, info.avail);
    for (unsigned i = 0; i < info.nranges; i++) {
        struct fpr_iova_range range;
        fpr_iova_get_range(r->space, i, &range);
        iova_say(r, "%s%" PRIx64 "-%" PRIx64, i ? "," : " ranges=", range.first, range.last);
    }
}

static void op_limits(struct iova_replay *r)
{
    if (iova_is(r, "memlock"))
        r->locked_limit = iova_number(r, 1, 0) / FPR_IOVA_PAGE_SIZE;
    else
        r->capable = false;
    if (r->space)
        fpr_iova_set_locked_limit(r->space, r->locked_limit, r->capable);
    iova_say(r, "0");
}

bool iova_replay_map_op(struct iova_replay *r)
{
    if (iova_is(r, "open")) {
        op_open(r);
    } else if (iova_is(r, "memlock") || iova_is(r, "dropcaps")) {
        op_limits(r);
    } else if (iova_is(r, "close")) {
        iova_replay_close(r);
        iova_say(r, "0");
    } else if (iova_is(r, "map")) {
        op_map(r);
    } else if (iova_is(r, "unmap")) {
        op_unmap(r);
    } else if (iova_is(r, "unmapd")) {
        op_unmapd(r);
    } else if (iova_is(r, "dget")) {
        op_dget(r);
    } else if (iova_is(r, "dstart")) {
        op_dirty(r, 1, 8);
    } else if (iova_is(r, "dstop")) {
        op_dirty(r, 2, 8);
    } else if (iova_is(r, "dflags")) {
        uint32_t argsz = (uint32_t)iova_number(r, 2, 8);
        op_dirty(r, (uint32_t)iova_number(r, 1, 0), argsz);
    } else if (iova_is(r, "info")) {
        op_info(r);
    } else if (iova_is(r, "ext")) {
        iova_say_rc(r, fpr_iova_check_extension(r->space, (unsigned)iova_number(r, 1, 0)));
    } else {
        return false;
    }
    return true;
}
