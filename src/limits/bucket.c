/* The token bucket, counted upwards: zeroed memory has used nothing. */
#include "qw/limits.h"

#define MINUTE_US UINT64_C(60000000)

static uint64_t clamp(uint64_t per_minute)
{
	return per_minute < UINT32_MAX ? per_minute : UINT32_MAX;
}

static void refill(struct limits_bucket *b, uint64_t per_minute, uint64_t mono_us)
{
	uint64_t elapsed = mono_us > b->at_us ? mono_us - b->at_us : 0;
	uint64_t back = elapsed > UINT64_MAX / per_minute ? UINT64_MAX : elapsed * per_minute;

	b->used -= back < b->used ? back : b->used;
	if (mono_us > b->at_us)
		b->at_us = mono_us;
}

bool limits_take(struct limits_bucket *b, uint64_t per_minute, uint64_t n, uint64_t mono_us, uint64_t *wait_us)
{
	uint64_t rate = clamp(per_minute), room, cost, behind;

	if (wait_us)
		*wait_us = 0;
	if (rate == 0 || n == 0)
		return true;
	refill(b, rate, mono_us);
	if (n > rate) {
		if (wait_us)
			*wait_us = UINT64_MAX;
		return false;
	}
	cost = n * MINUTE_US;
	room = rate * MINUTE_US;
	if (b->used <= room - cost) {
		b->used += cost;
		return true;
	}
	if (wait_us) { /* a clock that went back refills only from where it had been */
		behind = b->at_us > mono_us ? b->at_us - mono_us : 0;
		*wait_us = behind + (b->used - (room - cost) + rate - 1) / rate;
	}
	return false;
}
