package io.remapfs.it.arrows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Holds the product to {@link ModuleArrows}, and the rules to classes that break them. */
final class ModuleArrowsTest {
  private static final String PRODUCT = "io.remapfs";
  private static final String FIXTURE = "io.remapfs.it.arrows.fixture";

  private final JavaClasses product =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(PRODUCT);
  private final JavaClasses fixture = new ClassFileImporter().importPackages(FIXTURE);

  @Test
  void shouldImportOnlyAlongTheArrowsWhenProductIsRead() {
    assertThat(product).isNotEmpty();
    ModuleArrows.arrows(PRODUCT).check(product);
  }

  @Test
  void shouldHaveNoPackageCyclesWhenProductIsRead() {
    ModuleArrows.noPackageCycles(PRODUCT).check(product);
  }

  @Test
  void shouldFailWhenEngineImportsTheMount() {
    assertThatThrownBy(() -> ModuleArrows.arrows(FIXTURE).check(fixture))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("engine.Upward")
        .hasMessageContaining("mount.Top");
  }

  @Test
  void shouldFailWhenTwoPackagesImportEachOther() {
    assertThatThrownBy(() -> ModuleArrows.noPackageCycles(FIXTURE).check(fixture))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Cycle detected");
  }
}
