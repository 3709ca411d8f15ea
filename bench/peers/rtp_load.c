// rtp_load FILE SECONDS: to every port in FILE (one a line, 127.0.0.1) 50 RTP packets a second, G.711 of 20 ms each.
//
// One socket; each port has its own SSRC and sequence numbers from 0. The packets of one 20 ms tick are spread over it in ten
// slices, as those of independent callers are. Prints "sent COUNT".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 172, SLICES = 10, TICK_NS = 20000000, MOST_AT_ONCE = 256 };

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: rtp_load FILE SECONDS\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "r");
    if (!file) {
        perror(argv[1]);
        return 1;
    }
    int count = 0, room = 1024, port;
    struct sockaddr_in *to = malloc(room * sizeof *to);
    while (fscanf(file, "%d", &port) == 1) {
        if (count == room) to = realloc(to, (room *= 2) * sizeof *to);
        to[count++] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    }
    fclose(file);
    uint8_t(*packets)[PACKET] = calloc(count, PACKET);
    struct iovec *pieces = calloc(count, sizeof *pieces);
    struct mmsghdr *messages = calloc(count, sizeof *messages);
    for (int i = 0; i < count; i++) {
        uint32_t source = htonl(100000 + i);
        packets[i][0] = 0x80;
        memcpy(packets[i] + 8, &source, 4);
        for (int j = 12; j < PACKET; j++) packets[i][j] = (uint8_t)(j * 31 + i * 7);
        pieces[i] = (struct iovec){packets[i], PACKET};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    int out = socket(AF_INET, SOCK_DGRAM, 0);
    int64_t start = now_ns(), sent = 0;
    long ticks = atof(argv[2]) * 50;
    for (long tick = 0; tick < ticks; tick++) {
        uint16_t sequence = htons((uint16_t)tick);
        uint32_t timestamp = htonl((uint32_t)(tick * 160));
        for (int i = 0; i < count; i++) {
            memcpy(packets[i] + 2, &sequence, 2);
            memcpy(packets[i] + 4, &timestamp, 4);
        }
        for (int slice = 0; slice < SLICES; slice++) {
            int from = (long)count * slice / SLICES, end = (long)count * (slice + 1) / SLICES;
            int64_t wait = start + tick * TICK_NS + slice * (TICK_NS / SLICES) - now_ns();
            if (wait > 0) usleep(wait / 1000);
            while (from < end) {
                int done = sendmmsg(out, messages + from, end - from > MOST_AT_ONCE ? MOST_AT_ONCE : end - from, 0);
                if (done < 0 && errno != EINTR) {
                    perror("sendmmsg");
                    return 1;
                }
                if (done > 0) from += done, sent += done;
            }
        }
    }
    printf("sent %lld\n", (long long)sent);
}
