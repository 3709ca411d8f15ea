// bare_receiver STREAMS DRAIN_SECONDS: what receiving alone costs. One recvmmsg for each socket every DRAIN_SECONDS, with the
// arrival time and the sender's address of each packet, as a recorder needs them; the packets are thrown away.
//
// Prints the ports, then "ready"; at SIGTERM drains once more and prints "got COUNT".
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, ROOM = 276, CONTROL = 64 };

static volatile sig_atomic_t stopping;
static struct mmsghdr messages[BATCH];
static struct iovec pieces[BATCH];
static char packets[BATCH][ROOM], controls[BATCH][CONTROL];
static struct sockaddr_in names[BATCH];

static void stop(int number) {
    (void)number;
    stopping = 1;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static long drain(const int *sockets, int count) {
    long got = 0;
    for (int i = 0; i < count; i++) {
        int done;
        do {
            for (int j = 0; j < BATCH; j++) {
                messages[j].msg_hdr.msg_namelen = sizeof names[j];
                messages[j].msg_hdr.msg_controllen = CONTROL;
            }
            done = recvmmsg(sockets[i], messages, BATCH, MSG_DONTWAIT, NULL);
            if (done > 0) got += done;
        } while (done == BATCH);
    }
    return got;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int count = atoi(argv[1]), buffer = 1 << 20, on = 1;
    double every = atof(argv[2]);
    int *sockets = calloc(count, sizeof *sockets);
    for (int i = 0; i < count; i++) {
        struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof here;
        sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
        setsockopt(sockets[i], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        if (bind(sockets[i], (void *)&here, size) || getsockname(sockets[i], (void *)&here, &size)) {
            perror("bind");
            return 1;
        }
        printf("%d\n", ntohs(here.sin_port));
    }
    for (int j = 0; j < BATCH; j++) {
        pieces[j] = (struct iovec){packets[j], ROOM};
        messages[j].msg_hdr = (struct msghdr){
            .msg_name = &names[j], .msg_iov = &pieces[j], .msg_iovlen = 1, .msg_control = controls[j]};
    }
    signal(SIGTERM, stop);
    puts("ready");
    fflush(stdout);
    long got = 0;
    while (!stopping) {
        double start = now();
        got += drain(sockets, count);
        double left = every - (now() - start);
        if (left > 0) usleep(left * 1e6);
    }
    got += drain(sockets, count);
    printf("got %ld\n", got);
}
