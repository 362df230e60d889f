package content

import "strings"

// fields are what an entry can be told, by this project's keys and by those
// of Jekyll, Hugo, Eleventy and MkDocs.
var fields = []known{
	{names: []string{"title"}, read: (*parser).readTitle},
	{names: []string{"date", "pubdate", "published_at", "publishedat", "date_published", "datepublished", "created", "created_at"}, read: (*parser).readDate},
	{names: []string{"publishdate", "publish_date"}, read: (*parser).readPublishDate},
	{names: []string{"lang", "language", "locale"}, read: (*parser).readLanguage},
	{names: []string{"section"}, read: func(p *parser, f field) bool { return set(&p.entry.Section, p.prose(f)) }},
	{names: []string{"kicker"}, read: func(p *parser, f field) bool { return set(&p.entry.Kicker, p.prose(f)) }},
	{names: []string{"excerpt", "summary", "description"}, read: (*parser).readExcerpt},
	{names: []string{"authors", "author"}, read: (*parser).readAuthors},
	{names: []string{"tags", "tag", "categories", "category"}, every: true, read: (*parser).readTags},
	{names: []string{"taxonomies"}, read: (*parser).readTaxonomies},
	{names: []string{"image"}, read: (*parser).readImage},
	{names: []string{"image_alt"}, read: func(p *parser, f field) bool { return set(&p.entry.Image.Alt, p.prose(f)) }},
	{names: []string{"cta"}, read: (*parser).readCTA},
	{names: []string{"draft"}, read: (*parser).readDraft},
	{names: []string{"private", "hidden", "unlisted"}, every: true, read: (*parser).readDraft},
	{names: []string{"published"}, read: (*parser).readPublished},
	{names: []string{"status"}, read: (*parser).readStatus},
	{names: []string{"slug"}, read: (*parser).readSlug},
	{names: []string{"typography"}, read: (*parser).readTypography},
	{names: []string{"layout", "type"}, every: true, read: (*parser).readLayout},
}

// set keeps a text that says something.
func set(to *string, text string) (told bool) {
	if text != "" {
		*to = text
	}
	return text != ""
}

// meaningless are keys of those generators, and of their usual themes, that
// say nothing of the text or of the day it is sent.
var meaningless = words(`
	layout type template theme skin style css class classes cssclass js script scripts markup outputs
	permalink url uri alias aliases redirect redirect_from redirect_to canonical canonical_url canonicalurl
	id uid uuid guid ref key wordpress_id post_id parent_id password meta lang_ref translationkey translation_key translations page_id
	weight order nav_order nav_exclude nav_title has_children parent grand_parent ancestor position
	menu menus eleventynavigation eleventyexcludefromcollections eleventycomputed templateengineoverride
	toc toc_label toc_icon toc_sticky toc_depth tocopen showtoc table_of_contents sidebar sidebar_label hide_table_of_contents
	comment comments disqus disqus_id comments_id giscus utterances share sharing social related related_posts show_related
	search search_exclude searchable noindex robots sitemap seo og_image og_type og_description ogimage twitter twitter_card
	math mathjax katex latex mermaid diagram highlight highlightjs code usemathjax render_with_liquid
	feature featured pin pinned sticky hot top show_date show_author show_author_profile author_profile read_time readtime
	reading_time readingtime show_reading_time minutes word_count views rating
	last_modified_at last_modified lastmodified lastmod lastupdated last_updated last_update modified modified_date modified_at
	date_modified datemodified update update_date updated updated_at updateddate revision_date expirydate
	cover cover_image coverimage header header_img header_image hero banner teaser thumb thumbnail thumbnails preview
	featured_image featuredimage feature_image feature_img featured_img images img image_caption img_path icon
	gallery resources params extra collection content_type contenttype post_type date_gmt sort_by cascade isdraft iscjklanguage linktitle headless build _build
	series serie series_order keywords topics license licence copyright generator source_url hide hidden_toc tags_color
	excerpt_separator pagination paginate prev next previous navigation breadcrumbs background background_image
	typora_copy_images_to typora_root_url hashtags`)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(list) {
		set[word] = true
	}
	return set
}

// pageLayouts are those of pages rather than posts, in the usual themes.
var pageLayouts = words(`page pages default home index base splash archive archives about contact search tags categories`)

// readLayout keeps what tells an undated page from an entry that lacks its date.
func (p *parser) readLayout(f field) bool {
	p.page = p.page || pageLayouts[strings.ToLower(f.node.Value)]
	return p.page
}
