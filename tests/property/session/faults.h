/* Lets one allocation of the session fail: link with -Wl,--wrap=malloc and so on. The tests' own allocations never do. */
#ifndef PROPERTY_FAULTS_H
#define PROPERTY_FAULTS_H

extern long faults_left; /* allocations until one fails; negative: none does */
extern long faults_seen;

#endif
