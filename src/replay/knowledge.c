#include <fpr/replay.h>

#include <errno.h>
#include <string.h>

int fpr_knowledge_find(const char *word, size_t len)
{
    static const char *const words[] = {
#define FPR_X(bit, word, text) word,
        FPR_KNOWLEDGE(FPR_X)
#undef FPR_X
    };
    for (int i = 0; word && i < FPR_NR_KNOWLEDGE; i++)
        if (strlen(words[i]) == len && !memcmp(words[i], word, len))
            return i;
    return -EINVAL;
}
