#include <fpr/devices.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A batch and its entries in one piece of memory, so that entries stay where they are. */
struct kept {
    struct fpr_recorded_batch batch;
    struct fpr_sg sg[];
};

struct fpr_recorder {
    const struct fpr_clock *clock;
    const struct fpr_device *next;
    const struct fpr_mem_ops *mem;
    struct kept **kept;
    size_t count;
    size_t room;
    uint64_t clears; /* times that all was forgotten */
};

int fpr_recorder_create(const struct fpr_clock *clock, const struct fpr_device *next,
                        struct fpr_recorder **recorder)
{
    if (recorder == NULL || (next != NULL && next->report == NULL))
        return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_recorder *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->clock = clock;
    made->next = next;
    made->mem = mem;
    *recorder = made;
    return 0;
}

static size_t kept_bytes(unsigned nents)
{
    return sizeof(struct kept) + (size_t)nents * sizeof(struct fpr_sg);
}

void fpr_recorder_clear(struct fpr_recorder *recorder)
{
    if (recorder == NULL)
        return;
    for (size_t i = 0; i < recorder->count; i++)
        recorder->mem->free(recorder->mem->ctx, recorder->kept[i],
                            kept_bytes(recorder->kept[i]->batch.nents));
    recorder->count = 0;
    recorder->clears++;
}

void fpr_recorder_destroy(struct fpr_recorder *recorder)
{
    if (recorder == NULL)
        return;
    const struct fpr_mem_ops *mem = recorder->mem;
    fpr_recorder_clear(recorder);
    if (recorder->kept != NULL)
        mem->free(mem->ctx, recorder->kept, recorder->room * sizeof(struct kept *));
    mem->free(mem->ctx, recorder, sizeof(*recorder));
}

static int make_room(struct fpr_recorder *recorder)
{
    if (recorder->count < recorder->room)
        return 0;
    const struct fpr_mem_ops *mem = recorder->mem;
    size_t room = recorder->room > 0 ? recorder->room * 2 : 64;
    struct kept **kept = mem->zalloc(mem->ctx, room * sizeof(struct kept *));
    if (kept == NULL)
        return -ENOMEM;
    if (recorder->kept != NULL) {
        memcpy(kept, recorder->kept, recorder->count * sizeof(struct kept *));
        mem->free(mem->ctx, recorder->kept, recorder->room * sizeof(struct kept *));
    }
    recorder->kept = kept;
    recorder->room = room;
    return 0;
}

/* Memory is taken first: a batch that cannot be kept is not passed on either. */
static int record(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_recorder *recorder = ctx;
    if (make_room(recorder) != 0)
        return -ENOMEM;
    struct kept *kept = recorder->mem->zalloc(recorder->mem->ctx, kept_bytes(nents));
    if (kept == NULL)
        return -ENOMEM;
    if (nents > 0)
        memcpy(kept->sg, sg, nents * sizeof(*sg));
    kept->batch = (struct fpr_recorded_batch){fpr_clock_now(recorder->clock), kept->sg, nents, 0};
    recorder->kept[recorder->count++] = kept;
    if (recorder->next == NULL)
        return 0;
    uint64_t clears = recorder->clears;
    int result = recorder->next->report(recorder->next->ctx, sg, nents);
    if (recorder->clears == clears) /* else the next one had it forgotten */
        kept->batch.result = result;
    return result;
}

int fpr_recorder_device(struct fpr_recorder *recorder, struct fpr_device *device)
{
    if (recorder == NULL || device == NULL)
        return -EINVAL;
    *device = (struct fpr_device){.name = "recorder", .report = record, .ctx = recorder};
    if (recorder->next != NULL) {
        device->order = recorder->next->order;
        device->max_nents = recorder->next->max_nents;
    }
    return 0;
}

size_t fpr_recorder_count(const struct fpr_recorder *recorder)
{
    return recorder == NULL ? 0 : recorder->count;
}

int fpr_recorder_get(const struct fpr_recorder *recorder, size_t i,
                     struct fpr_recorded_batch *batch)
{
    if (recorder == NULL || batch == NULL || i >= recorder->count)
        return -EINVAL;
    *batch = recorder->kept[i]->batch;
    return 0;
}

int fpr_batch_write(fpr_ns time, const struct fpr_sg *sg, unsigned nents, int result,
                    fpr_write_fn write, void *ctx)
{
    if (write == NULL || (sg == NULL && nents > 0))
        return -EINVAL;
    char text[64];
    uint64_t seconds = time / FPR_NS_PER_S, micros = time % FPR_NS_PER_S / 1000;
    int len = snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, seconds, micros);
    int error = write(ctx, text, (size_t)len);
    for (unsigned i = 0; i < nents && error == 0; i++) {
        uint64_t pages = sg[i].order < 64 ? (uint64_t)1 << sg[i].order : 0;
        len = snprintf(text, sizeof(text), " %" PRIu64 ":%" PRIu64, sg[i].pfn, pages);
        error = write(ctx, text, (size_t)len);
    }
    if (error != 0 || result == 0)
        return error != 0 ? error : write(ctx, "\n", 1);
    len = snprintf(text, sizeof(text), "\n# that call failed: %d\n", result);
    return write(ctx, text, (size_t)len);
}

int fpr_recorder_save(const struct fpr_recorder *recorder, fpr_write_fn write, void *ctx)
{
    if (recorder == NULL || write == NULL)
        return -EINVAL;
    static const char head[] = "# seconds then pfn:pages of every entry of one report call\n";
    int error = write(ctx, head, sizeof(head) - 1);
    for (size_t i = 0; i < recorder->count && error == 0; i++) {
        const struct fpr_recorded_batch *batch = &recorder->kept[i]->batch;
        error = fpr_batch_write(batch->time, batch->sg, batch->nents, batch->result, write, ctx);
    }
    return error;
}
