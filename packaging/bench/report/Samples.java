import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What the rounds of one load on one target gave, in one unit, or ratios. Not thread-safe. */
final class Samples {
  private final List<Double> values = new ArrayList<>();

  /** Empty without values. */
  static Optional<Samples> of(Collection<Double> values) {
    Samples samples = new Samples();
    values.forEach(samples::add);
    return values.isEmpty() ? Optional.empty() : Optional.of(samples);
  }

  void add(double value) {
    if (!Double.isFinite(value) || value < 0) {
      throw new IllegalArgumentException("not a measurement: " + value);
    }
    values.add(value);
  }

  int count() {
    return values.size();
  }

  /** The middle one, or the mean of the two in the middle. */
  double median() {
    List<Double> sorted = values.stream().sorted().toList();
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  double least() {
    return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  double most() {
    return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }
}
