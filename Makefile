# SPDX-License-Identifier: GPL-2.0-only
#
#   make                 build/sipward, the BPF object inside
#   make check           every test that needs no lab (unit, packets)
#   make differential, fuzz, bench, demo, soak, attack, interop    see selftests/tests.mk
#   make docs            the documents that come from the code
#   make deb, make rpm   packages, in build/deb and build/rpm
#   make install         DESTDIR and PREFIX are honoured; make uninstall takes it away
#   make V=1             the commands as they run
#   make CLANG=clang-19 BUILD=build-19    another compiler, another folder

PREFIX  ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
CLANG   ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
BUILD   ?= build
VERSION := 0.1.0
COMPILER := clang $(shell $(CLANG) -dumpversion)

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-6s %s\n' $(1) $(patsubst $(BUILD)/%,%,$(2))
endif

LIBS      := libbpf libelf zlib libmnl yaml-0.1 libmicrohttpd json-c libmd libpcap libcap-ng libseccomp ncursesw
CFLAGS    ?= -O2 -g
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP \
             -Iinclude -Iuser -I$(BUILD) -iquote bpf -DSIPWARD_VERSION='"$(VERSION)"' \
             -DSIPWARD_COMPILER='"$(COMPILER)"'
LDLIBS    := $(shell pkg-config --libs $(LIBS) 2>/dev/null || echo -lbpf -lelf -lz -lmnl -lyaml \
             -lmicrohttpd -ljson-c -lmd -lpcap -lcap-ng -lseccomp -lncursesw -ltinfo) -lm
BPF_FLAGS := -O2 -g -target bpf -mcpu=v3 -std=gnu11 -Wall -Wextra -Werror -MMD -MP \
             -Iinclude -I$(BUILD) -iquote bpf -I/usr/include/$(shell uname -m)-linux-gnu

SOURCES   := $(wildcard user/*.c user/*/*.c)
OBJECTS   := $(patsubst user/%.c,$(BUILD)/user/%.o,$(SOURCES)) $(BUILD)/user/policy/embedded.o \
             $(BUILD)/user/audit/vectors.o
LIBRARY   := $(filter-out $(BUILD)/user/main.o $(BUILD)/user/cli/%,$(OBJECTS))

all: $(BUILD)/sipward

$(BUILD)/sipward: $(OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/user/%.o: user/%.c | $(BUILD)/sipward.skel.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) -c -o $@ $<

$(BUILD)/user/policy/embedded.o: user/policy/embedded.S $(wildcard user/policy/*.yaml user/policy/*.txt)
	$(call say,AS,$@)
	$(Q)mkdir -p $(@D) && $(CC) -c -o $@ $<

$(BUILD)/vectors.txt: $(wildcard user/audit/vectors/*.txt)
	$(Q)mkdir -p $(@D) && cat $(sort $^) > $@.new && mv $@.new $@

$(BUILD)/user/audit/vectors.o: user/audit/vectors.S $(BUILD)/vectors.txt
	$(call say,AS,$@)
	$(Q)mkdir -p $(@D) && $(CC) -c -Wa,-I,$(BUILD) -o $@ $<

# The grammar as a table of states. The compiler that makes it is for this machine.
HOSTCC    ?= cc
SYNTAX    := bpf/sip/sip_syntax.abnf

$(BUILD)/abnf: scripts/abnf.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(HOSTCC) -O2 -Wall -Wextra -Werror -o $@ $<

$(BUILD)/sip_syntax_table.h: $(SYNTAX) $(BUILD)/abnf
	$(call say,ABNF,$@)
	$(Q)$(BUILD)/abnf $< sip_syntax >$@

DATA_PATH ?= bpf/sipward.bpf.c

$(BUILD)/sipward.bpf.o: $(DATA_PATH) $(BUILD)/sip_syntax_table.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_FLAGS) -c -o $@ $<

$(BUILD)/sipward.skel.h: $(BUILD)/sipward.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name sipward_bpf > $@.new && mv $@.new $@

# --- documents: those that are made from the code, and a test that they are what it says now ---

$(BUILD)/answers: scripts/docs/answers.c $(LIBRARY)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS)

docs: $(BUILD)/sipward $(BUILD)/answers
	$(Q)BUILD="$(BUILD)" scripts/docs/generate

# --- tests ---

SANITIZE  := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
include selftests/tests.mk

# What is installed where; the unit is told where the binary is.
SHARE     := $(DESTDIR)$(PREFIX)/share/sipward
UNIT      := $(DESTDIR)$(PREFIX)/lib/systemd/system/sipward.service
POLICIES  := $(wildcard scripts/policies/*.yaml)
FEEDS     := $(wildcard scripts/integrations/*)
MAN       := $(DESTDIR)$(PREFIX)/share/man
BASH      := $(DESTDIR)$(PREFIX)/share/bash-completion/completions/sipward
ZSH       := $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_sipward
INSTALLED := $(DESTDIR)$(SBINDIR)/sipward $(UNIT) $(POLICIES:scripts/policies/%=$(SHARE)/%) \
             $(FEEDS:scripts/%=$(SHARE)/%) \
             $(SHARE)/sipward.rules.yml $(SHARE)/grafana.json $(BASH) $(ZSH) \
             $(MAN)/man8/sipward.8 $(MAN)/man5/sipward.yaml.5

install: $(BUILD)/sipward
	install -D -m 0755 $(BUILD)/sipward $(DESTDIR)$(SBINDIR)/sipward
	install -d $(SHARE)
	install -m 0644 $(POLICIES) $(SHARE)
	install -d $(SHARE)/integrations
	for file in $(FEEDS); do \
		sed 's|@SBINDIR@|$(SBINDIR)|; s|@SHARE@|$(PREFIX)/share/sipward|; s|^sipward = /usr/sbin|sipward = $(SBINDIR)|' \
			$$file >$(SHARE)/integrations/$${file##*/}; done
	chmod 0644 $(FEEDS:scripts/%=$(SHARE)/%)
	install -D -m 0644 scripts/prometheus/sipward.rules.yml $(SHARE)/sipward.rules.yml
	install -D -m 0644 scripts/grafana/sipward.json $(SHARE)/grafana.json
	install -d $(dir $(UNIT))
	sed 's|@SBINDIR@|$(SBINDIR)|' scripts/systemd/sipward.service >$(UNIT)
	chmod 0644 $(UNIT)
	install -D -m 0644 man/sipward.8 $(MAN)/man8/sipward.8
	install -D -m 0644 man/sipward.yaml.5 $(MAN)/man5/sipward.yaml.5
	install -D -m 0644 scripts/completion/sipward.bash $(BASH)
	install -D -m 0644 scripts/completion/_sipward $(ZSH)

# Policies, and what sipward has attached, stay: `sipward detach` takes that off.
uninstall:
	rm -f $(INSTALLED)
	rmdir $(SHARE)/integrations $(SHARE)

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(BUILD)/sipward.bpf.d

.PHONY: all docs install uninstall clean
.DELETE_ON_ERROR:
