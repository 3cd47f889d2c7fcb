#include <fpr/gfp.h>

#include <errno.h>
#include <string.h>

/* Every flag name that kernels from 5.4 to 6.18 print (and a few older ones), sorted by nothing in
 * particular: a trace has some thirty different strings and its reader remembers them. */
struct gfp_name {
    const char *name;
    fpr_gfp bits;
};

#define NAMED(word)                                                                                \
    {                                                                                              \
        "__GFP_" #word, FPR_GFP_##word                                                             \
    }
#define IGNORED(word)                                                                              \
    {                                                                                              \
        "__GFP_" #word, 0                                                                          \
    }

static const struct gfp_name gfp_names[] = {
    {"GFP_TRANSHUGE", FPR_GFP_TRANSHUGE_LIGHT | FPR_GFP_DIRECT_RECLAIM},
    {"GFP_TRANSHUGE_LIGHT", FPR_GFP_TRANSHUGE_LIGHT},
    {"GFP_HIGHUSER_MOVABLE", FPR_GFP_HIGHUSER_MOVABLE},
    {"GFP_HIGHUSER", FPR_GFP_USER | FPR_GFP_HIGHMEM},
    {"GFP_USER", FPR_GFP_USER},
    {"GFP_KERNEL_ACCOUNT", FPR_GFP_KERNEL | FPR_GFP_ACCOUNT},
    {"GFP_KERNEL", FPR_GFP_KERNEL},
    {"GFP_TEMPORARY", FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE},
    {"GFP_NOFS", FPR_GFP_RECLAIM | FPR_GFP_IO},
    {"GFP_NOIO", FPR_GFP_RECLAIM},
    {"GFP_ATOMIC", FPR_GFP_ATOMIC_REQUEST},
    {"GFP_NOWAIT", FPR_GFP_NOWAIT},
    {"GFP_DMA", FPR_GFP_DMA},
    {"GFP_DMA32", FPR_GFP_DMA32},
    NAMED(DMA),
    NAMED(HIGHMEM),
    NAMED(DMA32),
    NAMED(MOVABLE),
    NAMED(RECLAIMABLE),
    NAMED(HIGH),
    NAMED(IO),
    NAMED(FS),
    NAMED(ZERO),
    NAMED(ATOMIC),
    NAMED(DIRECT_RECLAIM),
    NAMED(KSWAPD_RECLAIM),
    NAMED(RECLAIM),
    NAMED(WRITE),
    NAMED(NOWARN),
    NAMED(RETRY_MAYFAIL),
    NAMED(NOFAIL),
    NAMED(NORETRY),
    NAMED(MEMALLOC),
    NAMED(COMP),
    NAMED(NOMEMALLOC),
    NAMED(HARDWALL),
    NAMED(THISNODE),
    NAMED(ACCOUNT),
    {"__GFP_REPEAT", FPR_GFP_RETRY_MAYFAIL},
    IGNORED(ZEROTAGS),
    IGNORED(SKIP_ZERO),
    IGNORED(SKIP_KASAN),
    IGNORED(SKIP_KASAN_POISON),
    IGNORED(SKIP_KASAN_UNPOISON),
    IGNORED(NOLOCKDEP),
    IGNORED(NO_OBJ_EXT),
    IGNORED(CMA),
    IGNORED(COLD),
    IGNORED(NOTRACK),
    IGNORED(OTHER_NODE),
    {"none", 0},
    {"(none)", 0},
};

#define NR_GFP_NAMES (sizeof(gfp_names) / sizeof(gfp_names[0]))

/* A flag of a kernel newer than this table: "__GFP_" and capitals, and not the first letters of a
 * name we know, which would rather be a line cut short. */
static bool word_is_new_flag(const char *word, size_t len)
{
    static const char prefix[] = "__GFP_";
    if (len <= sizeof(prefix) - 1 || memcmp(word, prefix, sizeof(prefix) - 1) != 0)
        return false;
    for (size_t i = sizeof(prefix) - 1; i < len; i++)
        if (!(word[i] >= 'A' && word[i] <= 'Z') && !(word[i] >= '0' && word[i] <= '9') &&
            word[i] != '_')
            return false;
    for (size_t i = 0; i < NR_GFP_NAMES; i++)
        if (strncmp(gfp_names[i].name, word, len) == 0)
            return false;
    return true;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

/* A number: raw output, or bits for which the printing kernel had no name. All bits with an effect
 * on the model have stood at the same place from 5.4 to 6.18 (and are FPR_GFP_*); what moved lies
 * above them and is dropped. */
static bool parse_number(const char *word, size_t len, fpr_gfp *gfp)
{
    int base = 10;
    if (len > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
        base = 16;
        word += 2;
        len -= 2;
    }
    uint64_t n = 0;
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_value(word[i]);
        if (digit >= base)
            return false;
        n = n * (uint64_t)base + (uint64_t)digit;
        if (n > UINT32_MAX)
            return false;
    }
    *gfp = (fpr_gfp)n & FPR_GFP_ALL_BITS;
    return true;
}

static bool parse_word(const char *word, size_t len, fpr_gfp *gfp)
{
    for (size_t i = 0; i < NR_GFP_NAMES; i++) {
        const char *name = gfp_names[i].name;
        if (strlen(name) == len && memcmp(name, word, len) == 0) {
            *gfp = gfp_names[i].bits;
            return true;
        }
    }
    if (parse_number(word, len, gfp))
        return true;
    *gfp = 0;
    return word_is_new_flag(word, len);
}

int fpr_gfp_parse(const char *text, size_t len, fpr_gfp *gfp)
{
    if (!text || !gfp || len == 0)
        return -EINVAL;
    fpr_gfp all = 0;
    const char *end = text + len;
    for (;;) {
        const char *bar = memchr(text, '|', (size_t)(end - text));
        const char *stop = bar ? bar : end;
        fpr_gfp bits;
        if (stop == text || !parse_word(text, (size_t)(stop - text), &bits))
            return -EINVAL;
        all |= bits;
        if (!bar)
            break;
        text = bar + 1;
    }
    *gfp = all;
    return 0;
}

int fpr_gfp_migratetype(fpr_gfp gfp)
{
    const fpr_gfp both = FPR_GFP_MOVABLE | FPR_GFP_RECLAIMABLE;
    if ((gfp & ~FPR_GFP_ALL_BITS) || (gfp & both) == both)
        return -EINVAL;
    if (gfp & FPR_GFP_MOVABLE)
        return FPR_MOVABLE;
    return gfp & FPR_GFP_RECLAIMABLE ? FPR_RECLAIMABLE : FPR_UNMOVABLE;
}

enum fpr_zone_index fpr_gfp_zone(fpr_gfp gfp)
{
    const fpr_gfp movable = FPR_GFP_MOVABLE | FPR_GFP_HIGHMEM;
    if (gfp & FPR_GFP_DMA)
        return FPR_ZONE_DMA;
    if (gfp & FPR_GFP_DMA32)
        return FPR_ZONE_DMA32;
    return (gfp & movable) == movable ? FPR_ZONE_MOVABLE : FPR_ZONE_NORMAL;
}
