package io.remapfs.it.arrows;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;

/**
 * The allowed imports, as rules on the packages below a root: {@code engine <- health <- mount},
 * and no cycle between packages inside any of them. The root is a parameter so that the rules can
 * also be held against fixtures that break them.
 */
final class ModuleArrows {
  private ModuleArrows() {}

  static ArchRule arrows(String root) {
    return layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage(root + "..")
        .withOptionalLayers(true)
        .layer("remap-engine")
        .definedBy(root + ".engine..")
        .layer("health")
        .definedBy(root + ".health..")
        .layer("fuse-mount")
        .definedBy(root + ".mount..")
        .whereLayer("remap-engine")
        .mayNotAccessAnyLayer()
        .whereLayer("health")
        .mayOnlyAccessLayers("remap-engine")
        .whereLayer("fuse-mount")
        .mayOnlyAccessLayers("remap-engine", "health");
  }

  static ArchRule noPackageCycles(String root) {
    return slices()
        .matching(root + ".(**)")
        .namingSlices("package $1")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true);
  }
}
