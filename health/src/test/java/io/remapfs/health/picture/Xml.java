package io.remapfs.health.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NamedNodeMap;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Takes pictures apart with a parser that no one here wrote. */
final class Xml {
  private static final Set<String> LOADING =
      Set.of("image", "img", "iframe", "object", "embed", "link", "use", "foreignObject", "base");

  private Xml() {}

  static Document parse(String text) throws Exception {
    DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    builder.setEntityResolver((id, address) -> new InputSource(InputStream.nullInputStream()));
    builder.setErrorHandler(null);
    return builder.parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  static List<Element> elements(Document document) {
    NodeList all = document.getElementsByTagName("*");
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < all.getLength(); i++) {
      elements.add((Element) all.item(i));
    }
    return elements;
  }

  static List<String> texts(String text, String tag) throws Exception {
    return elements(parse(text)).stream()
        .filter(each -> each.getTagName().equals(tag))
        .map(Element::getTextContent)
        .toList();
  }

  /** No element that loads, no address, no handler, and each reference leads to a part of it. */
  static void assertSelfContained(String text) throws Exception {
    Set<String> ids = new HashSet<>();
    List<String> references = new ArrayList<>();
    for (Element element : elements(parse(text))) {
      assertThat(element.getTagName()).isNotIn(LOADING);
      NamedNodeMap attributes = element.getAttributes();
      for (int i = 0; i < attributes.getLength(); i++) {
        String name = attributes.item(i).getNodeName();
        String value = attributes.item(i).getNodeValue();
        assertThat(name).doesNotStartWith("on").isNotIn("href", "xlink:href", "src", "srcset");
        if (name.equals("id")) {
          assertThat(ids.add(value)).as("id %s is there twice", value).isTrue();
        }
        if (name.equals("fill") && value.startsWith("url(#")) {
          references.add(value.substring(5, value.length() - 1));
        }
        if (!name.startsWith("xmlns")) {
          assertThat(value).doesNotContain("http:", "https:", "//");
        }
      }
      if (element.getTagName().equals("style")) {
        assertThat(element.getTextContent()).doesNotContain("url(", "@import", "http");
      }
    }
    assertThat(ids).containsAll(references);
  }
}
