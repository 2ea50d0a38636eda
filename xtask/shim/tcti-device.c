/* Stands in for libtss2-tcti-device.so.0, the way to a TPM device: whatever device it is asked
 * for, it opens the software TPM that TEEPROOF_TCTI names (host=…,port=…) instead. With it, a
 * program whose device is written into its code can be run against a twin, as it is. */
#include <stdlib.h>

#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tcti_swtpm.h>

static TSS2_RC open_socket(TSS2_TCTI_CONTEXT *context, size_t *size, const char *device)
{
    const char *socket = getenv("TEEPROOF_TCTI");

    (void)device;
    if (socket == NULL)
        return TSS2_TCTI_RC_BAD_VALUE;
    return Tss2_Tcti_Swtpm_Init(context, size, socket);
}

static const TSS2_TCTI_INFO INFO = {
    .version = 2,
    .name = "tcti-device",
    .description = "a software TPM in place of a device",
    .config_help = "ignored: the environment variable TEEPROOF_TCTI is asked",
    .init = open_socket,
};

/* What the loader of libtss2-tctildr looks for. */
const TSS2_TCTI_INFO *Tss2_Tcti_Info(void)
{
    return &INFO;
}
