/* Operations that touch memory: through the map, by its owner, by pins. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "iova_arena.h"
#include "iova_replay.h"

/* Larger accesses are recorded only with the flag "s". */
#define LONGEST UINT64_C(0x4000000)

static void op_rw(struct iova_replay *r, bool write)
{
    uint64_t iova = iova_number(r, 1, 0), len = iova_number(r, 2, 0);
    uint64_t seed = write ? iova_number(r, 3, 0) : 0;
    unsigned at = write ? 4 : 3;
    const char *flags = r->words > at ? r->word[at] : "";
    if (strspn(flags, "kns") != strlen(flags))
        iova_bad(r, "unknown flags '%.20s'", flags);
    size_t size = strchr(flags, 's') ? FPR_IOVA_PAGE_SIZE : (size_t)len;
    if (!strchr(flags, 's') && len > LONGEST)
        iova_bad(r, "an access of 0x%" PRIx64 " bytes", len);
    char *buffer = r->bad ? NULL : malloc(size + 1);
    if (!buffer) {
        iova_bad(r, "no memory for an access");
        return;
    }
    if (write)
        pattern(buffer, size, seed);
    else
        memset(buffer, size != len ? 0x55 : 0xaa, size); /* the one page held 0x55 */
    void *data = strchr(flags, 'n') ? NULL : buffer;
    iova_say_rc(r, fpr_iova_rw(r->reader, iova, data, (size_t)len, write));
    if (!write)
        iova_say(r, " fnv=%016" PRIx64, fnv(FNV_START, buffer, size));
    free(buffer);
}

/* Words i and i + 1: a part of the arena. NULL: outside. */
static char *arena_part(struct iova_replay *r, uint64_t *len)
{
    uint64_t offset = iova_number(r, 1, 0);
    *len = iova_number(r, 2, 0);
    if (!r->bad && (offset > ARENA_SIZE || *len > ARENA_SIZE - offset))
        iova_bad(r, "0x%" PRIx64 "+0x%" PRIx64 " is outside the arena", offset, *len);
    return r->bad ? NULL : r->arena + offset;
}

static void op_sum(struct iova_replay *r)
{
    uint64_t len;
    char *part = arena_part(r, &len);
    if (part && part < r->arena + ARENA_RO && part + len > r->arena + ARENA_NONE)
        iova_bad(r, "a sum over memory without access");
    if (!r->bad)
        iova_say(r, "%016" PRIx64, fnv(FNV_START, part, (size_t)len));
}

static void op_poke(struct iova_replay *r)
{
    uint64_t len, seed = iova_number(r, 3, 0);
    char *part = arena_part(r, &len);
    if (part && part < r->arena + ARENA_RW && part + len > r->arena + ARENA_NONE)
        iova_bad(r, "a poke into memory that is not writable");
    if (r->bad)
        return;
    pattern(part, (size_t)len, seed);
    iova_say(r, "0");
}

static void op_dontneed(struct iova_replay *r)
{
    uint64_t len;
    char *part = arena_part(r, &len);
    if (r->bad)
        return;
    int64_t hit = r->space ? fpr_iova_discard(r->space, part, (size_t)len) : 0;
    if (hit < 0)
        iova_say_rc(r, (int)hit);
    else
        iova_say_rc(r, madvise(part, (size_t)len, MADV_DONTNEED) ? -errno : 0);
}

static void op_pin(struct iova_replay *r)
{
    bool negative = r->words > 2 && r->word[2][0] == '-';
    if (negative)
        r->word[2]++;
    uint64_t iova = iova_number(r, 1, 0);
    int64_t npages = (int64_t)iova_number(r, 2, 0);
    unsigned prot = (unsigned)iova_number(r, 3, 0);
    void *pages[FPR_IOVA_PIN_MAX];
    if (r->bad)
        return;
    int n = fpr_iova_pin(r->space, iova, negative ? -npages : npages, prot, pages);
    iova_say_rc(r, n);
    if (n < 0)
        return;
    uint64_t hash = FNV_START;
    for (int i = 0; i < n; i++)
        hash = fnv(hash, pages[i], 8);
    iova_say(r, " fnv=%016" PRIx64, hash);
}

static void op_unpin(struct iova_replay *r)
{
    bool negative = r->words > 2 && r->word[2][0] == '-';
    if (negative)
        r->word[2]++;
    uint64_t iova = iova_number(r, 1, 0);
    int64_t npages = (int64_t)iova_number(r, 2, 0);
    if (r->bad)
        return;
    fpr_iova_unpin(r->space, iova, negative ? -npages : npages);
    iova_say(r, "void");
}

static void op_log(struct iova_replay *r)
{
    iova_say(r, "n=%lu", r->told);
    for (unsigned long i = 0; i < r->told && i < IOVA_TOLD_MAX; i++)
        iova_say(r, " 0x%" PRIx64 "+0x%" PRIx64, r->told_range[i].first, r->told_range[i].last);
    r->told = 0;
}

bool iova_replay_memory_op(struct iova_replay *r)
{
    if (iova_is(r, "rd")) {
        op_rw(r, false);
    } else if (iova_is(r, "wr")) {
        op_rw(r, true);
    } else if (iova_is(r, "sum")) {
        op_sum(r);
    } else if (iova_is(r, "poke")) {
        op_poke(r);
    } else if (iova_is(r, "fill")) {
        iova_say_rc(r, arena_fill(r->arena));
    } else if (iova_is(r, "dontneed")) {
        op_dontneed(r);
    } else if (iova_is(r, "pin")) {
        op_pin(r);
    } else if (iova_is(r, "unpin")) {
        op_unpin(r);
    } else if (iova_is(r, "lck")) {
        iova_say(r, "%" PRIu64, fpr_iova_locked_pages(r->space));
    } else if (iova_is(r, "log")) {
        op_log(r);
    } else {
        return false;
    }
    return true;
}
