/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/top_screen.h"

#include <ncurses.h>
#include <poll.h>
#include <string.h>

#include "export/top_page.h"
#include "export/top_views.h"

/* Tables and known endpoints are walked so often while they are shown. */
#define WALK_PERIOD (3 * SW_NS_PER_SEC)

struct screen {
	struct top_collector *collector;
	struct top_choice choice;
	uint64_t counted, walked;
	bool colours;
	bool ended;
};

static int attribute(const struct screen *screen, enum page_style style)
{
	switch (style) {
	case PAGE_BOLD:
		return A_BOLD;
	case PAGE_TITLE:
		return A_REVERSE;
	case PAGE_ALERT:
		return screen->colours ? A_BOLD | COLOR_PAIR(1) : A_BOLD;
	default:
		return A_NORMAL;
	}
}

static void draw(const struct screen *screen)
{
	auto_page struct page page = {.width = COLS, .height = LINES};

	page_render(&page, &screen->collector->top, &screen->choice);
	erase();
	for (size_t i = 0; i < page.count; i++) {
		attrset(attribute(screen, page.lines[i].style));
		mvaddstr(i, 0, page.lines[i].text);
	}
	attrset(A_NORMAL);
	refresh();
}

static void choose(struct screen *screen, int view)
{
	screen->choice.view = view;
	screen->choice.help = false;
	screen->walked = 0;
}

static void take_key(struct screen *screen, int key)
{
	struct top_choice *choice = &screen->choice;

	if (key >= '1' && key < '1' + TOP_VIEW_COUNT)
		choose(screen, key - '1');
	else if (key == '\t' || key == KEY_RIGHT)
		choose(screen, (choice->view + 1) % TOP_VIEW_COUNT);
	else if (key == KEY_BTAB || key == KEY_LEFT)
		choose(screen, (choice->view + TOP_VIEW_COUNT - 1) % TOP_VIEW_COUNT);
	else if (key == 's')
		choice->sort[choice->view] =
			(choice->sort[choice->view] + 1) % top_orders(choice->view);
	else if (key == 'p' || key == ' ')
		choice->paused = !choice->paused;
	else if (key == '?' || key == 'h')
		choice->help = !choice->help;
	else if (key == 'q' && choice->help)
		choice->help = false;
	else if (key == 'q')
		screen->ended = true;
	if (key == 'z') {
		choice->zone = top_next_zone(screen->collector);
		top_filter(screen->collector, choice->zone);
		screen->counted = 0;
	}
}

/* Waits for a key for as long as nothing else is to be done. A terminal that is gone is always
 * ready, and has no key. */
static int wait_for_key(struct screen *screen)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int key = getch();

	if (key != ERR)
		return key;
	if (poll(&in, 1, TOP_POLL / 1000000) > 0) {
		key = getch();
		screen->ended = key == ERR && in.revents & (POLLHUP | POLLERR | POLLNVAL | POLLIN);
	}
	return key;
}

static bool wants_walk(const struct screen *screen, uint64_t now)
{
	return (screen->choice.view == TOP_KNOWN || screen->choice.view == TOP_TABLES) &&
	       now - screen->walked >= WALK_PERIOD;
}

/* What is due; true when there is something new to draw. */
static int gather(struct screen *screen, struct error *e)
{
	uint64_t now = monotonic_ns();
	int fresh = 0;

	top_poll(screen->collector);
	if (now - screen->counted >= TOP_PERIOD) {
		if (top_count(screen->collector, e) < 0)
			return -1;
		screen->counted = now;
		fresh = 1;
	}
	if (!screen->choice.paused && wants_walk(screen, now)) {
		if (top_walk(screen->collector, e) < 0)
			return -1;
		screen->walked = now;
		fresh = 1;
	}
	return fresh && !screen->choice.paused;
}

static int run(struct screen *screen, struct error *e)
{
	screen->counted = monotonic_ns();
	draw(screen);
	while (!screen->ended) {
		int key = wait_for_key(screen), fresh;

		if (key != ERR)
			take_key(screen, key);
		fresh = gather(screen, e);
		if (fresh < 0)
			return -1;
		if (fresh || key != ERR)
			draw(screen);
	}
	return 0;
}

int top_screen(struct top_collector *collector, struct error *e)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct screen screen = {.collector = collector, .choice.zone = -1};
	SCREEN *terminal = newterm(NULL, stdout, stdin);
	int done;

	if (!terminal)
		return fail(e, EXIT_FAILED,
			    "top: the terminal '%s' (TERM) is not known here; set TERM to one "
			    "that is, such as TERM=vt100, or run: sipward top --once",
			    printable(term ? term : "").text);
	cbreak();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	if (has_colors() && !(no_color && *no_color)) {
		start_color();
		use_default_colors();
		screen.colours = init_pair(1, COLOR_RED, -1) == OK;
	}
	done = run(&screen, e);
	endwin();
	delscreen(terminal);
	return done;
}
