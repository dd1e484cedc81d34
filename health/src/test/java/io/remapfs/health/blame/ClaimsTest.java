package io.remapfs.health.blame;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** How many users of the places are kept. */
final class ClaimsTest {
  private static final int PLACES = 4096;

  @Test
  void shouldKeepAUserOfEachStretchAndCountTheOthersWhenVeryManyShareThem() {
    long[] starts = LongStream.range(0, PLACES).map(i -> i * 4096).toArray();
    long[] ends = LongStream.range(0, PLACES).map(i -> i * 4096 + 4096).toArray();
    Claims claims = new Claims(starts, ends);

    // All but the last half of the last place, which somebody else has.
    for (int inode = 1; inode <= 100; inode++) {
      claims.contents(0, PLACES * 4096L - 2048, Kind.FILE, inode, 0, PLACES * 4096L);
    }
    claims.contents(PLACES * 4096L - 2048, 2048, Kind.FILE, 101, 0, 2048);

    int kept = 0;
    int dropped = 0;
    for (int place = 0; place < PLACES; place++) {
      kept += claims.of(place).size();
      dropped += claims.dropped(place);
    }
    assertThat(kept).isEqualTo(Claims.MAX_SHARED + 1);
    assertThat(kept + dropped).isEqualTo(PLACES * 100 + 1);
    assertThat(claims.of(PLACES - 1)).last().extracting(Claims.Claim::inode).isEqualTo(101L);
  }
}
