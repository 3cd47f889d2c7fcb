#include <fpr/devices.h>

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct fpr_plugin {
    void *object;
    struct fpr_plugin_device made;
};

typedef int (*entry_fn)(unsigned abi, const char *argument, struct fpr_plugin_device *out);

/* Where the one line about a failure goes. */
struct reason {
    const char *path; /* the line begins with it; NULL: it is in the text, or there is none */
    char *line;
    size_t size;
};

static int fail(int error, const char *text, const struct reason *r)
{
    if (r->line != NULL && r->size > 0)
        snprintf(r->line, r->size, "%s%s%s", r->path != NULL ? r->path : "",
                 r->path != NULL ? ": " : "", text != NULL ? text : strerror(-error));
    return error;
}

/* The plugin's own answer. */
static int refused(int result, const struct reason *r)
{
    char text[128];
    if (result == -ENOSYS)
        return fail(result, "it was built for another version of fpr/devices.h", r);
    if (result == -EINVAL)
        return fail(result, "it refused its argument", r);
    if (result < 0) {
        snprintf(text, sizeof(text), "it gave up: %s (%d)", strerror(-result), result);
        return fail(result, text, r);
    }
    snprintf(text, sizeof(text), "it answered %d, which is neither 0 nor a negative errno", result);
    return fail(-EINVAL, text, r);
}

/* dlopen() looks for names without a slash in the system's folders, which nobody means here. */
static void *open_object(const char *path)
{
    if (strchr(path, '/') != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    char local[PATH_MAX];
    int len = snprintf(local, sizeof(local), "./%s", path);
    return len < (int)sizeof(local) ? dlopen(local, RTLD_NOW | RTLD_LOCAL) : NULL;
}

/* ISO C has no cast from an object pointer to a function pointer; POSIX makes the copy valid. */
static entry_fn find_entry(void *object)
{
    void *symbol = dlsym(object, FPR_PLUGIN_SYMBOL);
    entry_fn entry = NULL;
    if (symbol != NULL)
        memcpy(&entry, &symbol, sizeof(entry));
    return entry;
}

static int start(void *object, const char *argument, struct fpr_plugin_device *made,
                 const struct reason *r)
{
    entry_fn entry = find_entry(object);
    if (entry == NULL)
        return fail(-ENOSYS, "it does not define " FPR_PLUGIN_SYMBOL, r);
    int result = entry(FPR_PLUGIN_ABI, argument, made);
    if (result != 0)
        return refused(result, r);
    if (made->device.report == NULL) {
        if (made->close != NULL)
            made->close(made->device.ctx);
        return fail(-EINVAL, "its device has no report function", r);
    }
    return 0;
}

int fpr_plugin_load(const char *path, const char *argument, struct fpr_plugin **plugin,
                    char *reason, size_t size)
{
    const struct reason plain = {NULL, reason, size}, named = {path, reason, size};
    if (path == NULL || plugin == NULL || path[0] == '\0')
        return fail(-EINVAL, "no path given", &plain);
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_plugin *loaded = mem->zalloc(mem->ctx, sizeof(*loaded));
    if (loaded == NULL)
        return fail(-ENOMEM, NULL, &named);
    int error;
    loaded->object = open_object(path);
    if (loaded->object == NULL)
        error = fail(-ENOENT, dlerror(), &plain); /* it names the file */
    else
        error = start(loaded->object, argument != NULL ? argument : "", &loaded->made, &named);
    if (error != 0) {
        if (loaded->object != NULL)
            dlclose(loaded->object);
        mem->free(mem->ctx, loaded, sizeof(*loaded));
        return error;
    }
    *plugin = loaded;
    return 0;
}

void fpr_plugin_unload(struct fpr_plugin *plugin)
{
    if (plugin == NULL)
        return;
    if (plugin->made.close != NULL)
        plugin->made.close(plugin->made.device.ctx);
    dlclose(plugin->object);
    const struct fpr_mem_ops *mem = fpr_mem_default();
    mem->free(mem->ctx, plugin, sizeof(*plugin));
}

int fpr_plugin_get_device(const struct fpr_plugin *plugin, struct fpr_device *device)
{
    if (plugin == NULL || device == NULL)
        return -EINVAL;
    *device = plugin->made.device;
    if (device->name == NULL)
        device->name = "plugin";
    return 0;
}
