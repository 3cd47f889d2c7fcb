/* A small virtual GPU in the way of GVT: it reads its command ring and context pages, and writes
 * completions, all by I/O virtual address. Run once with all of the guest's memory pinned for it,
 * and once with reads and writes that need no pin: what reporting got back differs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/fpr.h>
#include <fpr/guest.h>
#include <fpr/iova.h>

#define PAGE      4096u
#define GUEST_MIB 256u
#define PAGES     (GUEST_MIB * 256u)
#define COMMANDS  1000u
#define CONTEXT   20u /* pages of a context, as the series timed it */

/* One entry of the command ring. */
struct command {
    uint64_t context;    /* IOVA of the context's first page */
    uint64_t completion; /* IOVA of the word to write when done */
    uint64_t sequence;
    uint64_t padding[5];
};

/* How the device reached memory. */
struct accesses {
    unsigned ring_reads, context_reads, completions;
};

static void must(int err, const char *what)
{
    if (err < 0) {
        fprintf(stderr, "vgpu: %s: %s\n", what, strerror(-err));
        exit(1);
    }
}

static fpr_pfn pages_of(struct fpr_guest *guest, unsigned order)
{
    fpr_pfn pfn;
    must(fpr_alloc_pages(fpr_guest_machine(guest), order, FPR_GFP_KERNEL, &pfn), "allocate");
    memset(fpr_arena_address(fpr_guest_arena(guest), pfn), 0, (size_t)PAGE << order);
    return pfn;
}

/* The guest's driver: writes one command into the ring, which lies at the start of a page. */
static void submit(struct fpr_guest *guest, fpr_pfn ring, fpr_pfn context, uint64_t sequence)
{
    struct command *slots = fpr_arena_address(fpr_guest_arena(guest), ring);
    slots[sequence % (PAGE / sizeof(*slots))] = (struct command){
        .context = context * PAGE, .completion = ring * PAGE + PAGE, .sequence = sequence};
}

/* The device model: one command. */
static void execute(struct fpr_iova_reader *reader, uint64_t ring, uint64_t sequence,
                    struct accesses *a)
{
    struct command command;
    static unsigned char context[CONTEXT * PAGE];
    uint64_t slot = sequence % (PAGE / sizeof(command));
    must(fpr_iova_rw(reader, ring + slot * sizeof(command), &command, sizeof(command), false),
         "read the ring");
    must(fpr_iova_rw(reader, command.context, context, sizeof(context), false), "read a context");
    must(fpr_iova_write64(reader, command.completion, command.sequence), "complete");
    a->ring_reads++;
    a->context_reads++;
    a->completions++;
}

/* The guest uses half of its memory for a while. */
static void work_and_free(struct fpr_guest *guest)
{
    static fpr_pfn block[PAGES / 1024 / 2];
    size_t n = 0;
    for (; n < PAGES / 1024 / 2; n++) {
        block[n] = pages_of(guest, 10);
    }
    while (n--) {
        must(fpr_free_pages(fpr_guest_machine(guest), block[n], 10), "free");
    }
}

static void pin_everything(struct fpr_iova_space *space)
{
    static void *frames[FPR_IOVA_PIN_MAX];
    for (uint64_t page = 0; page < PAGES; page += FPR_IOVA_PIN_MAX) {
        must(fpr_iova_pin(space, page * PAGE, FPR_IOVA_PIN_MAX, FPR_IOVA_READ | FPR_IOVA_WRITE,
                          frames),
             "pin");
    }
}

static void print(const char *how, struct fpr_guest *guest, const struct accesses *a)
{
    struct fpr_arena_stats arena;
    struct fpr_guest_stats stats;
    must(fpr_arena_get_stats(fpr_guest_arena(guest), &arena), "statistics");
    must(fpr_guest_get_stats(guest, &stats), "statistics");
    printf("%-16s %5u MiB given back, %3u MiB kept back by pins, %6u pages pinned\n", how,
           (unsigned)(arena.returned_bytes >> 20), (unsigned)(stats.kept_back_bytes >> 20),
           (unsigned)stats.pinned_pages);
    printf("%-16s %u reads of %zu bytes, %u reads of %u bytes, %u writes of 8 bytes\n", "",
           a->ring_reads, sizeof(struct command), a->context_reads, CONTEXT * PAGE, a->completions);
}

static void run(const char *how, bool pinned)
{
    struct fpr_guest_config config;
    struct fpr_guest *guest;
    struct fpr_iova_reader *reader;
    struct accesses a = {0, 0, 0};
    fpr_guest_config_init(&config);
    config.pages = PAGES;
    must(fpr_guest_create(&config, &guest), "make a guest");
    struct fpr_iova_space *space = fpr_guest_iova(guest);
    uint64_t memory = (uint64_t)(uintptr_t)fpr_arena_address(fpr_guest_arena(guest), 0);
    must(fpr_iova_map(space, 0, (uint64_t)PAGES * PAGE, memory, FPR_IOVA_READ | FPR_IOVA_WRITE),
         "map");
    must(fpr_iova_reader_create(space, &reader), "make a reader");
    if (pinned) {
        pin_everything(space);
    }
    fpr_pfn ring = pages_of(guest, 1), context = pages_of(guest, 5);
    work_and_free(guest);
    for (uint64_t sequence = 0; sequence < COMMANDS; sequence++) {
        submit(guest, ring, context, sequence);
        execute(reader, ring * PAGE, sequence, &a);
        if (sequence % 100 == 0) { /* reporting goes on beside the device */
            must(fpr_reporter_pass(fpr_guest_reporter(guest), NULL), "report");
        }
    }
    print(how, guest, &a);
    fpr_iova_reader_destroy(reader);
    fpr_guest_destroy(guest);
}

int main(void)
{
    run("everything pinned", true);
    run("rw without pin", false);
    return 0;
}
