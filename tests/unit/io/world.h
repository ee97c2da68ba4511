/* A street of stand-ins, and a client's ends of it. One thread: the test turns the loop. */
#ifndef WORLD_H
#define WORLD_H

#include <unistd.h>

#include "cmocka_qw.h"
#include "doubles.h"

enum { PATIENCE = 20000 };

extern struct street *street;
extern struct config config;
extern char folder[64];

int world_make(void **state); /* certificate and folder, once */
int world_remove(void **state);
int open_street(void **state);
int close_street(void **state); /* checks that nothing is left */
void write_policy(const char *text);

void turn(void);
void turn_patiently(int left);
/* With a body, or with none. */
#define UNTIL(condition) for (int left_ = PATIENCE; !(condition); turn_patiently(left_--))

int dial(void);
void put(int fd, const char *text);
void expect(int fd, const char *text); /* exactly this comes */
void expect_nothing(int fd);
void expect_end(int fd); /* closes fd */
uint64_t open_now(void);

#endif
