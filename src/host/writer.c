#include <fpr/devices.h>

#include <errno.h>

struct fpr_writer {
    const struct fpr_clock *clock;
    const struct fpr_device *next;
    fpr_write_fn write;
    void *write_ctx;
    int error;
};

int fpr_writer_create(const struct fpr_clock *clock, const struct fpr_device *next,
                      fpr_write_fn write, void *ctx, struct fpr_writer **writer)
{
    if (writer == NULL || write == NULL || (next != NULL && next->report == NULL))
        return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_writer *made = mem->zalloc(mem->ctx, sizeof(*made));
    if (made == NULL)
        return -ENOMEM;
    made->clock = clock;
    made->next = next;
    made->write = write;
    made->write_ctx = ctx;
    *writer = made;
    return 0;
}

void fpr_writer_destroy(struct fpr_writer *writer)
{
    const struct fpr_mem_ops *mem = fpr_mem_default();
    if (writer != NULL)
        mem->free(mem->ctx, writer, sizeof(*writer));
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct fpr_writer *writer = ctx;
    fpr_ns time = fpr_clock_now(writer->clock);
    int result = 0;
    if (writer->next != NULL)
        result = writer->next->report(writer->next->ctx, sg, nents);
    if (writer->error == 0)
        writer->error = fpr_batch_write(time, sg, nents, result, writer->write, writer->write_ctx);
    return result;
}

int fpr_writer_device(struct fpr_writer *writer, struct fpr_device *device)
{
    if (writer == NULL || device == NULL)
        return -EINVAL;
    *device = (struct fpr_device){.name = "writer", .report = report, .ctx = writer};
    if (writer->next != NULL) {
        device->order = writer->next->order;
        device->max_nents = writer->next->max_nents;
    }
    return 0;
}

int fpr_writer_error(const struct fpr_writer *writer)
{
    return writer == NULL ? -EINVAL : writer->error;
}
