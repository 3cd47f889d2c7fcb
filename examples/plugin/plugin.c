/* A device for `fpr-bench replay --device ./plugin.so,N`: it takes batches, refuses each N-th of
 * them (0 or nothing: none), and says in the end what it got. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <fpr/devices.h>

struct mine {
    unsigned long refuse_every;
    unsigned long calls;
    unsigned long refused;
    uint64_t pages;
};

/* A negative errno: the blocks stay unreported and the pass ends. */
static int mine_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct mine *mine = ctx;

    mine->calls++;
    if (mine->refuse_every && mine->calls % mine->refuse_every == 0) {
        mine->refused++;
        return -EBUSY;
    }
    for (unsigned i = 0; i < nents; i++)
        mine->pages += (uint64_t)1 << sg[i].order;
    return 0;
}

static void mine_close(void *ctx)
{
    struct mine *mine = ctx;

    fprintf(stderr, "mine: %lu calls, %lu refused, %llu pages\n", mine->calls, mine->refused,
            (unsigned long long)mine->pages);
    free(mine);
}

/* The one symbol that is looked for. */
FPR_API int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out);

int fpr_plugin_device(unsigned abi, const char *argument, struct fpr_plugin_device *out)
{
    char *end;
    unsigned long every = strtoul(argument, &end, 10); /* without an argument it is "" */
    struct mine *mine;

    if (abi != FPR_PLUGIN_ABI)
        return -ENOSYS; /* compiled against the headers of another version */
    if (*end != '\0')
        return -EINVAL;
    mine = calloc(1, sizeof(*mine));
    if (!mine)
        return -ENOMEM;
    mine->refuse_every = every;
    out->device = (struct fpr_device){
        .name = "mine",
        .report = mine_report,
        .ctx = mine,
        .max_nents = 0, /* room for any number of blocks */
    };
    out->close = mine_close;
    return 0;
}
