/*
 * The kernel's NSM driver behind a Unix socket, with a chosen room for its answers: `nsm-room SOCKET ROOM`. The driver cuts
 * a longer answer to the room and reports a success, which our client must notice. Messages on the socket are a length
 * of four bytes, big-endian, and as many bytes, as those of the twin. `nsm-room --longest` prints which length of request
 * the driver refuses.
 *
 * Source: Linux, include/uapi/linux/nsm.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct span {
    uint64_t address, length;
};

struct exchange {
    struct span request, response;
};

#define EXCHANGE _IOWR(0x0A, 0, struct exchange)
#define MOST 0x3000

static uint8_t request[MOST], response[MOST];

/* The error of the driver, or 0. */
static int exchange(int device, size_t length, size_t *room)
{
    struct exchange raw = {
        { (uintptr_t)request, length },
        { (uintptr_t)response, *room },
    };
    int error = ioctl(device, EXCHANGE, &raw) == 0 ? 0 : errno;
    *room = raw.response.length;
    return error;
}

static int whole(int socket, void *bytes, size_t length)
{
    return recv(socket, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

static void serve(int device, int client, size_t room)
{
    uint32_t length;
    while (whole(client, &length, 4) && ntohl(length) <= MOST && whole(client, request, ntohl(length))) {
        size_t got = room;
        int error = exchange(device, ntohl(length), &got);
        fprintf(stderr, "driver: error %d, %zu bytes in a room of %zu\n", error, got, room);
        length = htonl((uint32_t)got);
        if (error != 0 || write(client, &length, 4) != 4 || write(client, response, got) != (ssize_t)got)
            break;
    }
}

/* Requests of a valid form: PCR data as long as it takes. */
static void longest(int device)
{
    static const uint8_t head[] = "\xa1\x69" "ExtendPCR\xa2\x65" "index\x18\x1f\x64" "data\x59";
    for (size_t length = 4095; length <= 4097; length++) {
        size_t at = sizeof head - 1, room = MOST, data = length - at - 2;
        memcpy(request, head, at);
        request[at] = (uint8_t)(data >> 8);
        request[at + 1] = (uint8_t)data;
        int error = exchange(device, length, &room);
        printf("request of %zu bytes: %s\n", length, error == 0 ? "taken" : strerror(error));
    }
}

int main(int argc, char **argv)
{
    int device = open("/dev/nsm", O_RDWR);
    if (device < 0) {
        perror("/dev/nsm");
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "--longest") == 0) {
        longest(device);
        return 0;
    }
    if (argc != 3 || strtoul(argv[2], NULL, 10) > MOST) {
        fprintf(stderr, "usage: nsm-room SOCKET ROOM, nsm-room --longest\n");
        return 2;
    }
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
        perror(argv[1]);
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            return 1;
        serve(device, client, strtoul(argv[2], NULL, 10));
        close(client);
    }
}
