package io.remapfs.health.pressure;

import io.remapfs.health.event.EventKind;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Drives the level of service by what memory is left: NORMAL, REDUCED, EMERGENCY and back.
 *
 * <p>It becomes worse with the second look in a row that says so, for one may meet a moment; and
 * better by one level at a time, after {@value #CALM_LOOKS} looks in a row below the lower mark.
 * Each change is an event. {@link #doWork} by one thread, about once a second; the rest
 * thread-safe.
 */
public final class MemoryPressure {
  private static final int WORSE_LOOKS = 2;
  private static final int CALM_LOOKS = 10;

  private final Supplier<List<PressureGauge>> gauges;
  private final BiConsumer<EventKind, String> events;
  private int worseLooks;
  private int calmLooks;
  private volatile PressureLevel level = PressureLevel.NORMAL;
  private volatile String why = "";

  /** Looks at this machine. */
  public MemoryPressure(BiConsumer<EventKind, String> events) {
    this(new MemorySources()::look, events);
  }

  MemoryPressure(Supplier<List<PressureGauge>> gauges, BiConsumer<EventKind, String> events) {
    this.gauges = gauges;
    this.events = events;
  }

  /** The level in force. */
  public PressureLevel level() {
    return level;
  }

  /** What is short, one sentence; "" at NORMAL. */
  public String reason() {
    return why;
  }

  /** One look. */
  public void doWork() {
    PressureLevel now = level;
    PressureLevel wanted = PressureLevel.NORMAL;
    String sentence = "";
    for (PressureGauge each : gauges.get()) {
      PressureLevel asked = each.level(now);
      if (asked != PressureLevel.NORMAL && asked.or(wanted) != wanted) {
        sentence =
            String.format(
                Locale.ROOT, "memory is short: %s is at %.0f %%", each.name(), each.percent());
      }
      wanted = wanted.or(asked);
    }
    worseLooks = wanted.compareTo(now) > 0 ? worseLooks + 1 : 0;
    calmLooks = wanted.compareTo(now) < 0 ? calmLooks + 1 : 0;
    if (worseLooks >= WORSE_LOOKS) {
      change(wanted, sentence);
    } else if (calmLooks >= CALM_LOOKS) {
      PressureLevel better =
          now == PressureLevel.EMERGENCY ? PressureLevel.REDUCED : PressureLevel.NORMAL;
      change(better, better == PressureLevel.NORMAL ? "" : "memory was short until just now");
    }
  }

  private void change(PressureLevel to, String sentence) {
    worseLooks = 0;
    calmLooks = 0;
    why = sentence;
    level = to;
    String service = "service is " + to;
    events.accept(
        EventKind.PRESSURE,
        to == PressureLevel.NORMAL
            ? "there is memory again; " + service
            : sentence + "; " + service);
  }
}
