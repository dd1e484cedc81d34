package io.remapfs.it.docker;

import java.net.URI;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;
import org.testcontainers.dockerclient.TransportConfig;

/** Leads Testcontainers, which finds this class by its service file, to the {@link Engine}. */
public final class EngineStrategy extends DockerClientProviderStrategy {
  @Override
  public TransportConfig getTransportConfig() {
    Engine engine = Engine.running();
    if (engine == null) {
      throw new IllegalStateException("the engine was not started");
    }
    return TransportConfig.builder().dockerHost(URI.create(engine.socket())).build();
  }

  @Override
  protected boolean isApplicable() {
    return Engine.running() != null;
  }

  /** Before any engine that the machine may have. */
  @Override
  protected int getPriority() {
    return Integer.MAX_VALUE;
  }

  /** Else it would be written into the user's home for later runs. */
  @Override
  protected boolean isPersistable() {
    return false;
  }

  /** Nothing is published; asking would run a helper image. */
  @Override
  public synchronized String getDockerHostIpAddress() {
    return "localhost";
  }

  @Override
  public String getDescription() {
    return "the engine of this test run";
  }
}
