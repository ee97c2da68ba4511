/* The database of the transcripts: what tests/transcript/capture makes in a real server, as the catalog would tell of it. */
#ifndef TRANSCRIPT_SAMPLE_H
#define TRANSCRIPT_SAMPLE_H

#include "qw/catalog.h"

/* `operators`: a file of "operator function" OIDs, one pair a line. */
struct catalog *sample_catalog(const char *operators);

#endif
