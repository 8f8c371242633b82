package captcha

import "reflect"

// Texts are what the form field says to a visitor, in one language. They are plain text, not HTML.
type Texts struct {
	Label      string // names the text field; where there is no sound
	LabelSound string // the same where there is one
	Count      string // follows it in brackets where all answers are equally long; {n} is how many characters, 2 or more

	Picture      string // stands for the picture: what it is for; where there is no sound
	PictureSound string // the same where there is one, and where to find it

	Sound   string // names the browser's own control for the sound
	Listen  string // the button that plays the sound
	Stop    string // the same button while the sound plays
	Refresh string // the button that gets another challenge
	Letters string // the button that brings picture and text field back where the browser has met the challenge

	Refreshed string // another challenge is there, as the visitor asked
	Expired   string // another challenge is there, for the one before was about to expire
	Over      string // the challenge has expired, and what was typed was left alone
	Slow      string // another challenge is asked for and takes long
	TooMany   string // the app refuses another challenge for now (429)
	Offline   string // the app could not be reached for another challenge
	Silent    string // the sound could not be played
	Sending   string // the form was sent already, and its reply takes long
	Checked   string // the browser has met the challenge

	LeaveEmpty string // names what people leave empty, for those who see it nevertheless

	Missing     string // the answer for ErrMissing
	Sent        string // for ErrUnknownKey of a receipt, as when a form was sent twice
	Used        string // for any other ErrUnknownKey
	Wrong       string // for ErrWrongAnswer and ErrMalformed
	Unavailable string // for ErrStorage and any other error
}

// defaultTexts returns the texts that there are, by language.
func defaultTexts() map[string]Texts {
	return map[string]Texts{
		"en": {
			Label:        "Type the characters in the picture",
			LabelSound:   "Type the characters you see or hear",
			Count:        "{n} characters",
			Picture:      "Distorted characters to copy into the text field, as a check that you are human.",
			PictureSound: "Distorted characters to copy into the text field, as a check that you are human. You can also listen to them.",
			Sound:        "The characters, spoken",
			Listen:       "Listen",
			Stop:         "Stop",
			Refresh:      "New characters",
			Letters:      "Use the characters instead",
			Refreshed:    "There are new characters.",
			Expired:      "The characters had expired, so there are new ones. Please type those.",
			Over:         "These characters have expired. Please ask for new ones.",
			Slow:         "New characters are on their way. This takes longer than usual.",
			TooMany:      "That was too often. Please wait a moment, then try again.",
			Offline:      "The site can’t be reached. Check your connection, then ask for new characters again.",
			Silent:       "The sound can’t be played. Ask for new characters, and check that your device’s sound is on.",
			Sending:      "The form is being sent. Please wait a moment.",
			Checked:      "Checked: nothing to type.",
			LeaveEmpty:   "Leave this field empty",
			Missing:      "Please type the characters.",
			Sent:         "This form may have been sent already. If not, please type the new characters and send it again.",
			Used:         "The characters had expired or were already used. Please type the new ones.",
			Wrong:        "Wrong characters. Please type the new ones.",
			Unavailable:  "The check is not working at the moment. It is our fault: please try again in a few seconds.",
		},
		"de": {
			Label:        "Geben Sie die Zeichen im Bild ein",
			LabelSound:   "Geben Sie die Zeichen ein, die Sie sehen oder hören",
			Count:        "{n} Zeichen",
			Picture:      "Verzerrte Zeichen, die Sie in das Textfeld übertragen, um zu zeigen, dass Sie ein Mensch sind.",
			PictureSound: "Verzerrte Zeichen, die Sie in das Textfeld übertragen, um zu zeigen, dass Sie ein Mensch sind. Sie können sie sich auch vorlesen lassen.",
			Sound:        "Die Zeichen, vorgelesen",
			Listen:       "Anhören",
			Stop:         "Anhalten",
			Refresh:      "Neue Zeichen",
			Letters:      "Stattdessen Zeichen eingeben",
			Refreshed:    "Es gibt neue Zeichen.",
			Expired:      "Die Zeichen waren abgelaufen, darum gibt es neue. Bitte geben Sie diese ein.",
			Over:         "Diese Zeichen sind abgelaufen. Bitte holen Sie neue.",
			Slow:         "Neue Zeichen sind unterwegs. Es dauert länger als sonst.",
			TooMany:      "Das war zu oft. Bitte warten Sie einen Moment und versuchen Sie es dann noch einmal.",
			Offline:      "Die Website ist nicht erreichbar. Prüfen Sie Ihre Verbindung und holen Sie dann neue Zeichen.",
			Silent:       "Der Ton lässt sich nicht abspielen. Holen Sie neue Zeichen, und prüfen Sie, ob der Ton Ihres Geräts an ist.",
			Sending:      "Das Formular wird gesendet. Bitte warten Sie einen Moment.",
			Checked:      "Geprüft: Sie müssen nichts eingeben.",
			Missing:      "Bitte geben Sie die Zeichen ein.",
			Sent:         "Dieses Formular wurde vielleicht schon gesendet. Wenn nicht, geben Sie bitte die neuen Zeichen ein und senden Sie es noch einmal.",
			Used:         "Die Zeichen waren abgelaufen oder schon benutzt. Bitte geben Sie die neuen ein.",
			Wrong:        "Falsche Zeichen. Bitte geben Sie die neuen ein.",
			Unavailable:  "Die Prüfung ist gerade nicht möglich. Bitte versuchen Sie es in einigen Sekunden noch einmal.",
		},
		"fr": {
			Label:        "Saisissez les caractères de l’image",
			LabelSound:   "Saisissez les caractères que vous voyez ou entendez",
			Count:        "{n} caractères",
			Picture:      "Caractères déformés à recopier dans le champ de texte, pour vérifier que vous êtes un être humain.",
			PictureSound: "Caractères déformés à recopier dans le champ de texte, pour vérifier que vous êtes un être humain. Vous pouvez aussi les écouter.",
			Sound:        "Les caractères, lus à voix haute",
			Listen:       "Écouter",
			Stop:         "Arrêter",
			Refresh:      "Autres caractères",
			Letters:      "Saisir plutôt les caractères",
			Refreshed:    "Voici de nouveaux caractères.",
			Expired:      "Les caractères avaient expiré, en voici de nouveaux. Veuillez les saisir.",
			Over:         "Ces caractères ont expiré. Veuillez en demander d’autres.",
			Slow:         "De nouveaux caractères arrivent. C’est plus long que d’habitude.",
			TooMany:      "Trop de demandes. Veuillez patienter un instant, puis réessayer.",
			Offline:      "Le site est injoignable. Vérifiez votre connexion, puis demandez de nouveau d’autres caractères.",
			Silent:       "Le son ne peut pas être lu. Demandez d’autres caractères et vérifiez que le son de votre appareil est activé.",
			Sending:      "Le formulaire est en cours d’envoi. Veuillez patienter un instant.",
			Checked:      "Vérifié : rien à saisir.",
			Missing:      "Veuillez saisir les caractères.",
			Sent:         "Ce formulaire a peut-être déjà été envoyé. Sinon, veuillez saisir les nouveaux caractères et l’envoyer de nouveau.",
			Used:         "Les caractères avaient expiré ou déjà servi. Veuillez saisir les nouveaux.",
			Wrong:        "Caractères incorrects. Veuillez saisir les nouveaux.",
			Unavailable:  "La vérification est momentanément impossible. Veuillez réessayer dans quelques secondes.",
		},
		"es": {
			Label:        "Escriba los caracteres de la imagen",
			LabelSound:   "Escriba los caracteres que ve u oye",
			Count:        "{n} caracteres",
			Picture:      "Caracteres deformados que hay que copiar en el campo de texto, para comprobar que usted es una persona.",
			PictureSound: "Caracteres deformados que hay que copiar en el campo de texto, para comprobar que usted es una persona. También puede escucharlos.",
			Sound:        "Los caracteres, leídos en voz alta",
			Listen:       "Escuchar",
			Stop:         "Parar",
			Refresh:      "Otros caracteres",
			Letters:      "Escribir los caracteres en su lugar",
			Refreshed:    "Hay caracteres nuevos.",
			Expired:      "Los caracteres habían caducado y ahora hay otros nuevos. Escríbalos, por favor.",
			Over:         "Estos caracteres han caducado. Pida otros, por favor.",
			Slow:         "Los caracteres nuevos están en camino. Tardan más de lo habitual.",
			TooMany:      "Demasiados intentos. Espere un momento y vuelva a intentarlo.",
			Offline:      "No se puede acceder al sitio. Compruebe su conexión y vuelva a pedir otros caracteres.",
			Silent:       "No se puede reproducir el sonido. Pida otros caracteres y compruebe que el sonido de su dispositivo está activado.",
			Sending:      "El formulario se está enviando. Espere un momento, por favor.",
			Checked:      "Comprobado: no hay que escribir nada.",
			Missing:      "Escriba los caracteres, por favor.",
			Sent:         "Es posible que este formulario ya se haya enviado. Si no es así, escriba los caracteres nuevos y envíelo otra vez.",
			Used:         "Los caracteres habían caducado o ya se habían usado. Escriba los nuevos, por favor.",
			Wrong:        "Caracteres incorrectos. Escriba los nuevos, por favor.",
			Unavailable:  "La comprobación no funciona en este momento. Vuelva a intentarlo dentro de unos segundos.",
		},
		"pt": {
			Label:        "Digite os caracteres da imagem",
			LabelSound:   "Digite os caracteres que vê ou ouve",
			Count:        "{n} caracteres",
			Picture:      "Caracteres distorcidos para copiar no campo de texto, como prova de que se trata de uma pessoa.",
			PictureSound: "Caracteres distorcidos para copiar no campo de texto, como prova de que se trata de uma pessoa. Também é possível ouvi-los.",
			Sound:        "Os caracteres, lidos em voz alta",
			Listen:       "Ouvir",
			Stop:         "Parar",
			Refresh:      "Outros caracteres",
			Letters:      "Digitar os caracteres em vez disso",
			Refreshed:    "Há caracteres novos.",
			Expired:      "Os caracteres tinham expirado e agora há outros novos. Digite-os, por favor.",
			Over:         "Estes caracteres expiraram. Peça outros, por favor.",
			Slow:         "Os novos caracteres estão a caminho. Está demorando mais do que o normal.",
			TooMany:      "Foram pedidos demais. Aguarde um momento e tente novamente.",
			Offline:      "Não foi possível acessar o site. Verifique sua conexão e peça outros caracteres novamente.",
			Silent:       "Não foi possível reproduzir o som. Peça outros caracteres e verifique se o som do seu dispositivo está ligado.",
			Sending:      "O formulário está sendo enviado. Aguarde um momento, por favor.",
			Checked:      "Verificado: não é preciso digitar nada.",
			Missing:      "Digite os caracteres, por favor.",
			Sent:         "Talvez este formulário já tenha sido enviado. Se não, digite os novos caracteres e envie-o de novo.",
			Used:         "Os caracteres tinham expirado ou já tinham sido usados. Digite os novos, por favor.",
			Wrong:        "Caracteres incorretos. Digite os novos, por favor.",
			Unavailable:  "A verificação não funciona neste momento. Tente novamente dentro de alguns segundos.",
		},
		"ru": {
			Label:        "Введите символы с картинки",
			LabelSound:   "Введите символы, которые вы видите или слышите",
			Count:        "всего символов: {n}",
			Picture:      "Искажённые символы, которые нужно ввести в текстовое поле, чтобы подтвердить, что вы человек.",
			PictureSound: "Искажённые символы, которые нужно ввести в текстовое поле, чтобы подтвердить, что вы человек. Их можно также прослушать.",
			Sound:        "Символы, прочитанные вслух",
			Listen:       "Прослушать",
			Stop:         "Остановить",
			Refresh:      "Другие символы",
			Letters:      "Ввести символы вместо этого",
			Refreshed:    "Показаны новые символы.",
			Expired:      "Срок действия символов истёк, показаны новые. Введите их, пожалуйста.",
			Over:         "Срок действия этих символов истёк. Запросите другие, пожалуйста.",
			Slow:         "Новые символы загружаются. Это занимает больше времени, чем обычно.",
			TooMany:      "Слишком много запросов. Подождите немного и попробуйте ещё раз.",
			Offline:      "Сайт недоступен. Проверьте подключение и снова запросите другие символы.",
			Silent:       "Не удалось воспроизвести звук. Запросите другие символы и проверьте, включён ли звук на устройстве.",
			Sending:      "Форма отправляется. Подождите немного, пожалуйста.",
			Checked:      "Проверено: вводить ничего не нужно.",
			Missing:      "Введите символы, пожалуйста.",
			Sent:         "Возможно, эта форма уже отправлена. Если нет, введите новые символы и отправьте её ещё раз.",
			Used:         "Срок действия символов истёк, или они уже были использованы. Введите новые, пожалуйста.",
			Wrong:        "Неверные символы. Введите новые, пожалуйста.",
			Unavailable:  "Проверка сейчас недоступна. Попробуйте ещё раз через несколько секунд.",
		},
	}
}

// withDefaults fills in what t leaves out.
func (t Texts) withDefaults(defaults Texts) Texts {
	value, from := reflect.ValueOf(&t).Elem(), reflect.ValueOf(defaults)
	for i := range value.NumField() {
		if value.Field(i).String() == "" {
			value.Field(i).Set(from.Field(i))
		}
	}
	return t
}

// texts returns the texts by language: the default ones, changed and added to by Config.Texts. A language takes English for
// what it lacks.
func (cfg Config) texts() map[string]Texts {
	texts := defaultTexts()
	for language, changed := range cfg.Texts {
		defaults, ok := texts[language]
		if !ok {
			defaults = texts["en"]
		}
		texts[language] = changed.withDefaults(defaults)
	}
	for language, own := range texts {
		texts[language] = own.withDefaults(texts["en"])
	}
	return texts
}
