package check

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/infolettre/infolettre/pipeline/render/markdown"
)

// words looks for what typography does not mend because it would touch the
// spelling. Of a word that comes again, an entry is told once.
func (b *builder) words(t markdown.TextRef) {
	lang := t.Lang
	if lang == "" {
		lang = b.entry.Lang
	}
	if base, _, _ := strings.Cut(lang, "-"); base != "fr" || b.entry.Plain {
		return
	}
	for field := range strings.FieldsSeq(t.Text) {
		if isAddress(field) {
			continue
		}
		for word := range strings.FieldsFuncSeq(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			switch {
			case hasDigraph(word) && ligature.MatchString(word):
				b.word("word-oe", t.Line, word, ligated(word))
			case accents[word] != "":
				b.word("word-capital", t.Line, word, accents[word])
			case isPluralAcronym(word):
				b.word("word-acronym", t.Line, word, word[:len(word)-1])
			}
		}
	}
	b.phrases(t.Line, t.Text)
}

// phrases looks at more than a word. Expressions are slow, so a quick look
// goes before each.
func (b *builder) phrases(line int, text string) {
	if strings.Contains(text, "A ") {
		for rest := text; ; { // a sentence's end is the next one's beginning
			at := capitalA.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			found := rest[at[2]:at[3]]
			b.word("word-capital", line, found, "À"+found[1:])
			rest = rest[at[3]:]
		}
	}
	if strings.ContainsAny(text, "xX") && strings.ContainsAny(text, "0123456789") {
		for _, m := range crossed.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "0x") {
				b.word("word-times", line, m[1], times.ReplaceAllString(m[1], "\u00a0×\u00a0"))
			}
		}
	}
	if strings.IndexByte(text, '(') >= 0 {
		b.signs(line, strings.ToLower(text))
	}
}

// signs looks for signs that typewriters lacked. "(c)" after "(b)" is a point
// of a list.
func (b *builder) signs(line int, text string) {
	for _, s := range [][2]string{{"(c)", "©"}, {"(r)", "®"}, {"(tm)", "™"}} {
		if strings.Contains(text, s[0]) && !strings.Contains(text, "(b)") {
			b.word("word-sign", line, s[0], s[1])
		}
	}
}

func (b *builder) word(id string, line int, word, instead string) {
	if b.told == nil {
		b.told = map[string]bool{}
	}
	if b.told[id+word] {
		return
	}
	b.told[id+word] = true
	b.warn(id, line, map[string]any{"Word": word, "Instead": instead})
}

// isAddress reports what no rule of words is for: a URL, a domain, an e-mail
// address, the name of a file, a handle, a path.
func isAddress(field string) bool {
	if strings.Contains(field, "://") || strings.ContainsAny(field, "@\\") || field[0] == '#' || field[0] == '/' {
		return true
	}
	dot := strings.LastIndexByte(strings.TrimRight(field, ".,;:!?)»"), '.')
	return dot > 0 && dot+1 < len(field) && field[dot+1] >= 'a' && field[dot+1] <= 'z'
}

// hasDigraph reports two letters that may have to be one.
func hasDigraph(word string) bool {
	for i := 1; i < len(word); i++ {
		if word[i]|0x20 == 'e' && word[i-1]|0x20 == 'o' {
			return true
		}
	}
	return false
}

// isPluralAcronym: acronyms take no plural in French, des GPU, des ONG.
func isPluralAcronym(word string) bool {
	stem, plural := strings.CutSuffix(word, "s")
	if !plural || len(stem) < 2 || len(stem) > 6 {
		return false
	}
	return !strings.ContainsFunc(stem, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// ligature lists the stems that French writes with œ. Others keep their two
// letters: coexister, moelle, poêle, goéland, Noël.
var ligature = regexp.MustCompile(`(?i)^(?:(?:c|ch|ranc|contrec)oeurs?|[ée]coeur(?:ant|er|ement|ée?s?|ants?|antes?|ait|e|ent)?|(?:con)?soeur(?:s|ette|ettes)?|` +
	`(?:ch)?oeuvr(?:e|es|er|ent|ait|ant|ons|ez)|man[oœ]euvr\pL*|d[ée]soeuvr\pL*|oeil(?:s|lade|lades|let|lets|lère|lères|leton|letons)?|(?:b)?oeufs?|` +
	`voeux?|noeuds?|moeurs|oesophag\pL*|oed[èe]m\pL*|oedip(?:e|es|iens?|iennes?)|foet(?:us|al|ale|aux|ales)|oeno(?:log|tour)\pL*|oestr(?:og|us)\pL*|oecum[ée]ni\pL*|coelacanthes?|coeliaques?)$`)

// ligated writes the first oe of a word as one letter.
func ligated(word string) string {
	i := strings.Index(strings.ToLower(word), "oe")
	letter := "œ"
	if word[i] == 'O' {
		letter = "Œ"
	}
	return word[:i] + letter + word[i+2:]
}

// accents lists common words whose capital loses its accent on keyboards that
// have none. What somebody may mean as typed is not among them: names, since
// some write Eric, and the newspaper is Les Echos; English words, which stand in
// names of all sorts, such as Age, Edition or Evolution; Ou, La, Des and Cote,
// which are other words.
var accents = capitals(`Ça Çà Âgé Âgée Âgés Âme Âpre Ébauche Éberlué Éblouissant Écart Écarts Échange Échanges Échanger Échapper Échec Échecs Échelle
	Échéance Échéances Éclairage Éclairages École Écoles Écologie Écologique Écologiques Écologiste Écologistes Économie Économique Économiques
	Économiste Économistes Écoute Écouter Écoutez Écran Écrans Écrire Écrit Écrits Écriture Écrivain Écrivains Écrivez Éditer Éditeur Éditeurs Éditrice
	Édito Éditos Éducatif Égal Égale Égalité Également Église Églises Égout Égypte Élaborer Électeur Électeurs Électricité Électrique Électriques
	Électronique Élevage Élevages Élève Élèves Élémentaire Élu Élue Élues Élus Éloge Élysée Émettre Émeute Émeutes Énergétique Énergie Énième Énigme
	Énorme Énormément Énoncé Épais Épargne Épaule Épidémie Épique Épinglé Époque Époques Épouse Épreuve Épreuves Épuisé Épuisée Équateur Équilibre Équipe
	Équipes Équipement Équipements Équiper Équité Érudit Étable Établi Établir Établissement Établissements Étage Étages Étape Étapes État États Étant
	Étang Éteindre Étendre Étendue Éternel Éthique Éthiopie Étoile Étoiles Étonnant Étonnante Étonnamment Étrange Étranger Étrangers Être Étroit Étude
	Études Étudiant Étudiante Étudiants Étudier Évaluer Éveil Évènement Évènements Événement Événements Éventuel Éventuellement Évidemment
	Éviter Évitez Évoluer Évoque Évoquer Évêque Île Îles Îlot Îlots Ôter Èbre Écosse Édimbourg Émirats Équarrissage Étymologie Évangile Évreux Évry
	Épernay Épinal Étampes Étretat Élargir Élargissement Éliminer Émerveillement Émouvant Épice Épices Épicerie Éponge Époustouflant Éprouver Étincelle
	Étonner`)

// capitals maps each word as keyboards write it to the word itself.
func capitals(list string) map[string]string {
	plain := strings.NewReplacer("À", "A", "Â", "A", "Ç", "C", "É", "E", "È", "E", "Ê", "E", "Î", "I", "Ô", "O")
	words := map[string]string{}
	for word := range strings.FieldsSeq(list) {
		words[plain.Replace(word)] = word
	}
	return words
}

var (
	// capitalA is the preposition at the beginning of a sentence. Only what
	// follows it tells it from a letter, a note of music, the verb without its
	// subject (A deux enfants), English (A force for good) and Latin (A priori).
	capitalA = regexp.MustCompile(`(?:^|[.!?…:»]\s+)[«“"(]?\s?(A (?:l[’']\pL+|la|ce|cet|cette|ces|ceux|celles|celui|cela|chaque|contre|côté|défaut|demain|droite|gauche|` +
		`bientôt|d[’']autres|midi|minuit|présent|jamais|vendre|louer|lire|écouter|voir|suivre|noter|retenir|savoir|découvrir|vos|votre|nos|notre|mon|ma|mes|sa|ses|leur|leurs|moins|mesure|nouveau|partir|peine|` +
		`propos|quand|qui|quoi|quel|quelle|travers|titre|terme|vous|nous|lui|eux|elle|elles|domicile|` +
		`ne pas|vrai|pied|vélo|moyen|aucun|aucune|Paris|Lyon|Marseille|Lille|` +
		`Toulouse|Bordeaux|Nantes|Rennes|Strasbourg|Montpellier|Grenoble|Dijon|Tours|Brest|Rouen|Londres|Bruxelles|Genève|Lausanne|Montréal|Québec))(?:[^\pL]|$)`)

	crossed = regexp.MustCompile(`(?:^|[^\pL\pN.,])(\d+(?:,\d+)?[  \x{202f}]?[xX][  \x{202f}]?\d+(?:[xX]\d+)?)(?:[^\pL\pN]|$)`)
	times   = regexp.MustCompile(`[  \x{202f}]?[xX][  \x{202f}]?`)
)
